"""The budget for hashing: so many at once, so many waiting, the rest is told to come back."""

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from service.adapters.passwords import pool as module
from service.adapters.passwords.argon2id import Argon2id
from service.adapters.passwords.pool import HashPool
from service.core.errors import Unavailable
from tests.support.smtp import wait_until


class HeldUp(Argon2id):
    """Hashes that last until they are let go; remembers how many ran at once and how nice they were."""

    def __init__(self) -> None:
        super().__init__(1, 8, 1)
        vars(self).update(let_go=threading.Event(), running=0, most=0, niceness=set(), lock=threading.Lock())

    def hash(self, password: str) -> str:
        state = vars(self)
        with state["lock"]:
            state["running"] += 1
            state["most"] = max(state["most"], state["running"])
        state["niceness"].add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        state["let_go"].wait(10)
        with state["lock"]:
            state["running"] -= 1
        if password == "broken":
            raise MemoryError
        return "hash"


class Crowd:
    """People who ask at once, each with what became of it."""

    def __init__(self) -> None:
        self.outcomes: list[object] = []
        self.threads: list[threading.Thread] = []

    def ask(self, work: Callable[[], object], *, people: int) -> None:
        def person() -> None:
            try:
                outcome = work()
            except Unavailable as refusal:
                outcome = refusal
            self.outcomes.append(outcome)

        for _ in range(people):
            self.threads.append(threading.Thread(target=person))
            self.threads[-1].start()

    def wait(self) -> None:
        for thread in self.threads:
            thread.join(15)


@pytest.fixture
def scheme() -> Iterator[HeldUp]:
    held_up = HeldUp()
    yield held_up
    vars(held_up)["let_go"].set()


@pytest.mark.case("DOS-03")
def test_more_than_the_queue_holds_is_refused_at_once(scheme: HeldUp) -> None:
    pool, crowd = HashPool(scheme, concurrency=2, queue=3), Crowd()
    crowd.ask(lambda: pool.hash("x"), people=5)
    wait_until(lambda: vars(scheme)["running"] == 2)
    wait_until(lambda: pool._room._value == 0)
    begun = time.monotonic()
    for work in (lambda: pool.hash("x"), lambda: pool.verify("$", "x"), lambda: pool.verify(None, "x")):
        with pytest.raises(Unavailable) as refused:
            work()
        assert refused.value.retry_after.total_seconds() >= 1
    assert time.monotonic() - begun < 2
    vars(scheme)["let_go"].set()
    crowd.wait()
    assert crowd.outcomes == ["hash"] * 5
    assert vars(scheme)["most"] == 2
    assert pool.hash("x") == "hash"


@pytest.mark.case("DOS-03")
def test_who_waited_too_long_is_told_so_and_leaves_the_queue(
    scheme: HeldUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.1)
    pool, crowd = HashPool(scheme, concurrency=1, queue=3), Crowd()
    crowd.ask(lambda: pool.hash("x"), people=1)
    wait_until(lambda: vars(scheme)["running"] == 1)
    for _ in range(6):
        with pytest.raises(Unavailable):
            pool.hash("x")
    vars(scheme)["let_go"].set()
    crowd.wait()
    assert crowd.outcomes == ["hash"]


def test_a_hash_that_has_begun_is_waited_for(scheme: HeldUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.05)
    pool, crowd = HashPool(scheme, concurrency=1), Crowd()
    crowd.ask(lambda: pool.hash("x"), people=1)
    time.sleep(0.3)
    assert crowd.outcomes == []
    vars(scheme)["let_go"].set()
    crowd.wait()
    assert crowd.outcomes == ["hash"]


@pytest.mark.case("DOS-03")
def test_hashing_steps_back_behind_everything_else(scheme: HeldUp) -> None:
    vars(scheme)["let_go"].set()
    HashPool(scheme, concurrency=1).hash("x")
    assert vars(scheme)["niceness"] == {module.NICENESS}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < module.NICENESS


def test_a_hash_that_fails_gives_its_place_back(scheme: HeldUp) -> None:
    vars(scheme)["let_go"].set()
    pool = HashPool(scheme, concurrency=1, queue=0)
    for _ in range(5):
        with pytest.raises(MemoryError):
            pool.hash("broken")
    assert pool.hash("x") == "hash"


def test_the_pool_answers_like_its_scheme() -> None:
    scheme = Argon2id(1, 64, 1)
    pool = HashPool(scheme, concurrency=2)
    password_hash = pool.hash("sepia lantern")
    assert pool.verify(password_hash, "sepia lantern") is True
    assert pool.verify(password_hash, "sepia lanterns") is False
    assert pool.verify(None, "") is False
    assert pool.outdated(password_hash) is False
    assert pool.outdated(Argon2id(1, 128, 1).hash("x")) is True
