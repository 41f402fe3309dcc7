"""Each web process keeps the threads that run Python to a core of its own; hashes take them all."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import cores
from service.adapters.passwords.pool import step_back
from tests.support.processes import end_group
from tests.support.smtp import wait_until
from tests.support.web_server import WebServer

APPLICATION = """
import json, os
from config.cores import allowed
from service.adapters.passwords.argon2id import Argon2id
from service.adapters.passwords.pool import HashPool

class Where(Argon2id):
    def hash(self, password):
        return json.dumps(sorted(os.sched_getaffinity(0)))

pool = HashPool(Where(1, 8, 1), 1, cores=allowed())

def app(environ, start_response):
    found = {"process": os.getpid(), "requests": sorted(os.sched_getaffinity(0)), "hashes": json.loads(pool.hash(""))}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
"""
ALLOWED = sorted(os.sched_getaffinity(0))

needs_two_cores = pytest.mark.skipif(len(ALLOWED) < 2, reason="one core: there is nothing to choose")


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WebServer]:
    running = WebServer(tmp_path, APPLICATION, **getattr(request, "param", {}))
    yield running
    end_group(running.process)


def placed(server: WebServer) -> dict[int, dict[str, list[int]]]:
    """Ask until both processes have said where their threads run."""
    found: dict[int, dict[str, list[int]]] = {}

    def both_have_answered() -> bool:
        told = json.loads(server.ask("/")[1])
        found[told.pop("process")] = told
        return len(found) == 2

    wait_until(both_have_answered, what="both processes")
    return found


@needs_two_cores
def test_each_process_stays_on_a_core_of_its_own_and_hashes_on_all(server: WebServer) -> None:
    one, two = placed(server).values()
    assert len(one["requests"]) == len(two["requests"]) == 1
    assert one["requests"] != two["requests"]
    assert one["hashes"] == two["hashes"] == ALLOWED


@needs_two_cores
@pytest.mark.parametrize("server", [{"CORE_PER_PROCESS": "0", "WEB_CORE": str(ALLOWED[0])}], indirect=True)
def test_the_kernel_places_them_where_it_was_asked_to(server: WebServer) -> None:
    assert all(place["requests"] == ALLOWED for place in placed(server).values())


@pytest.fixture(autouse=True)
def as_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CORE_PER_PROCESS", cores.WEB_CORE):
        monkeypatch.delenv(name, raising=False)


def test_more_processes_than_cores_are_left_to_the_kernel() -> None:
    assert len(cores.of_processes(len(ALLOWED))) == len(ALLOWED)
    assert set(cores.of_processes(len(ALLOWED))) == set(ALLOWED)
    assert not cores.of_processes(len(ALLOWED) + 1)


def test_threads_without_the_lock_are_left_to_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys._is_gil_enabled", lambda: False, raising=False)
    assert not cores.of_processes(1)


def test_hashes_take_all_cores_where_their_priority_may_not_be_lowered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    os.sched_setaffinity(0, ALLOWED[:1])
    step_back(ALLOWED)
    assert sorted(os.sched_getaffinity(0)) == ALLOWED


def test_a_core_that_is_gone_keeps_nobody_from_serving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cores.WEB_CORE, str(max(ALLOWED) + 1000))
    cores.keep()
    assert sorted(os.sched_getaffinity(0)) == ALLOWED
