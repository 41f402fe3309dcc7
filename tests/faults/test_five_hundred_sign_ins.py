"""Everybody signs in at once: memory is bounded, who finds no room is told when to come back."""

import json
import re
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.live import LiveService

CROWD = 500
HASH = 19  # MiB
ROOM = 8 * HASH + 100  # MiB: hashes at once, and everything else that many connections take
PASSWORD = "correct horse battery staple 42"


def memory(process: int, what: str) -> float:
    """What Linux says of a process's memory, in MiB: `VmRSS` now, `VmHWM` at the most."""
    line = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert line is not None
    return int(line[1]) / 1024


def worker_of(running: LiveService) -> int:
    """The process that answers: the only child of Granian's supervisor."""
    assert running.web is not None
    (worker,) = Path(f"/proc/{running.web.pid}/task/{running.web.pid}/children").read_text().split()
    return int(worker)


def attempt(number: int) -> bytes:
    """A sign-in at an address of its own, ready to be sent."""
    body = json.dumps({"email": f"reader-{number}@example.org", "password": PASSWORD})
    return (
        "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@pytest.mark.case("DOS-03")
def test_memory_stays_bounded_while_five_hundred_sign_in(
    live: Callable[..., LiveService], sqlite_url: str
) -> None:
    running = live(sqlite_url, argon2_time_cost=2, argon2_memory_kib=HASH * 1024)
    with running.client() as before:
        assert before.post("/api/v1/login", json={"email": "a@b.org", "password": "x"}).status_code == 401
    worker = worker_of(running)
    idle = memory(worker, "VmRSS")
    with ExitStack() as kept:
        crowd = [
            kept.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=60))
            for _ in range(CROWD)
        ]
        for number, one in enumerate(crowd):
            one.sendall(attempt(number))
        answers = [one.makefile("rb").read().decode() for one in crowd]
    refused = [answer for answer in answers if answer.startswith("HTTP/1.1 503 ")]
    looked_at = [answer for answer in answers if answer.startswith("HTTP/1.1 401 ")]
    assert len(refused) + len(looked_at) == CROWD
    assert all("\r\nretry-after: " in answer.lower() for answer in refused)
    assert looked_at
    assert memory(worker, "VmHWM") <= idle + ROOM
    with running.client() as after:
        assert after.get("/api/v1/session").status_code == 401
