"""The web server stops without losing a request: `make serve`'s command around an application that sleeps."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import process_environment
from tests.support.live import ROOT
from tests.support.processes import end_group
from tests.support.smtp import wait_until
from tests.support.web_server import WebServer

APPLICATION = """
import time
import uuid
from pathlib import Path

def app(environ, start_response):
    nap = float(environ["QUERY_STRING"] or 0)
    if nap > 1:
        Path(f"asleep-{uuid.uuid4()}").touch()
    time.sleep(nap)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"slept"]
"""


class Server(WebServer):
    """`asleep` says how many long requests have arrived."""

    def asleep(self) -> int:
        return len(list(self.folder.glob("asleep-*")))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, APPLICATION)
    yield running
    end_group(running.process)


@pytest.mark.case("FLT-32")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_are_answered(server: Server, how: signal.Signals) -> None:
    outcomes: list[int | str] = []
    askers = [threading.Thread(target=lambda: outcomes.append(server.get("/?3"))) for _ in range(8)]
    for asker in askers:
        asker.start()
    wait_until(lambda: server.asleep() == 8, what="eight requests in flight")
    server.process.send_signal(how)
    for asker in askers:
        asker.join()
    assert outcomes == [200] * 8
    assert server.process.wait(10) == 0


@pytest.mark.case("FLT-32")
def test_readiness_turns_red_before_the_server_goes(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.get("/readyz") == 503, what="red readiness")
    assert server.get("/") == 200
    assert server.process.wait(10) == 0


@pytest.mark.case("FLT-32")
def test_under_load_every_connection_is_answered_or_refused(server: Server) -> None:
    outcomes: Counter[int | str] = Counter()

    def ask_on() -> None:
        outcome: int | str = 200
        while outcome == 200:
            outcome = server.get("/?0.002")
            outcomes[outcome] += 1

    askers = [threading.Thread(target=ask_on) for _ in range(8)]
    for asker in askers:
        asker.start()
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    for asker in askers:
        asker.join()
    assert set(outcomes) == {200, "ConnectionRefusedError"}
    assert server.process.wait(10) == 0


def test_a_killed_worker_is_replaced(server: Server) -> None:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    time.sleep(0.2)
    wait_until(lambda: all(server.get("/") == 200 for _ in range(8)), what="the new worker")
    assert server.process.poll() is None


def test_workers_end_with_their_parent(server: Server) -> None:
    server.process.send_signal(signal.SIGKILL)
    wait_until(lambda: server.get("/") == "ConnectionRefusedError", what="a closed port")


ORPHAN = """
import multiprocessing
import os
import time

from config.server import end_with_parent

def worker():
    while os.getppid() == multiprocessing.parent_process().pid:
        time.sleep(0.01)
    print("orphaned", flush=True)
    end_with_parent()
    print("serving", flush=True)

if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=worker).start()
    os._exit(0)
"""


def test_a_worker_whose_parent_died_before_it_had_started_ends(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    environment = process_environment({"PYTHONPATH": str(ROOT)})
    told = subprocess.run(
        [sys.executable, script], check=True, env=environment, stdout=subprocess.PIPE, timeout=30
    )
    assert told.stdout == b"orphaned\n"
