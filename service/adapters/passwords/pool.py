"""A budget for hashing: few threads of low priority, a bounded queue, a bounded wait.

A storm of sign-ins fills the queue and gets `Unavailable`; whatever else the process does stays fast,
because the kernel prefers its other threads. They run on the cores they are told, also where the web server keeps the
others to one.
"""

import logging
import os
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from service.core.errors import Unavailable

T = TypeVar("T")
log = logging.getLogger(__name__)
NICENESS = 15
QUEUE = 50
LONGEST_WAIT = 2.0  # seconds until a hash must have begun
RETRY_AFTER = timedelta(seconds=2)


class Scheme(Protocol):
    """What hashes on the pool's threads: Argon2id, or several schemes behind it."""

    def hash(self, password: str) -> str: ...

    def verify(self, password_hash: str, password: str) -> bool: ...

    def spend_all(self) -> None: ...

    def knows(self, password_hash: str) -> bool: ...

    def outdated(self, password_hash: str) -> bool: ...


class HashPool:
    """Hash and verify on `concurrency` threads. All calls raise `Unavailable` when there is no room.

    `count` hears 1 for each that is taken in and -1 for each that is done.
    """

    def __init__(
        self,
        scheme: Scheme,
        concurrency: int,
        queue: int = QUEUE,
        cores: Collection[int] = (),  # wherever whoever asks first may run
        count: Callable[[int], object] = bool,  # nobody counts
    ) -> None:
        self._scheme = scheme
        self._count = count
        self._room = threading.BoundedSemaphore(concurrency + queue)
        self._threads = ThreadPoolExecutor(concurrency, "hash", initializer=step_back, initargs=(cores,))

    def hash(self, password: str) -> str:
        return self._run(self._scheme.hash, password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Compare with a hash; with None, spend what a comparison costs and say no."""
        if password_hash is None:
            self._run(self._scheme.spend_all)
            return False
        return self._run(self._scheme.verify, password_hash, password)

    def knows(self, password_hash: str) -> bool:
        return self._scheme.knows(password_hash)

    def outdated(self, password_hash: str) -> bool:
        return self._scheme.outdated(password_hash)

    def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        if not self._room.acquire(blocking=False):
            log.warning("hash_refused")
            raise Unavailable(RETRY_AFTER)
        self._count(1)
        begun = threading.Event()

        def job() -> T:
            begun.set()
            return work(*arguments)

        future: Future[T] = self._threads.submit(job)
        future.add_done_callback(self._make_room)
        if not begun.wait(LONGEST_WAIT) and future.cancel():
            log.warning("hash_refused")
            raise Unavailable(RETRY_AFTER)
        return future.result()

    def _make_room(self, _: Future[Any]) -> None:
        self._room.release()
        self._count(-1)


def step_back(cores: Collection[int]) -> None:
    """Let this thread run on `cores`, and lower its priority (Linux gives every thread its own nice value)."""
    with suppress(OSError):
        if cores:
            os.sched_setaffinity(0, cores)
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
