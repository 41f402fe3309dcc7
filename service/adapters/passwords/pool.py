"""A budget for hashing: few threads of low priority, a bounded queue, a bounded wait.

A storm of sign-ins fills the queue and gets `Unavailable`; whatever else the process does stays fast,
because the kernel prefers its other threads.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from service.adapters.passwords.argon2id import Argon2id
from service.core.errors import Unavailable

T = TypeVar("T")
NICENESS = 15
QUEUE = 50
LONGEST_WAIT = 2.0  # seconds until a hash must have begun
RETRY_AFTER = timedelta(seconds=2)


class HashPool:
    """Hash and verify on `concurrency` threads. All calls raise `Unavailable` when there is no room."""

    def __init__(self, scheme: Argon2id, concurrency: int, queue: int = QUEUE) -> None:
        self._scheme = scheme
        self._room = threading.BoundedSemaphore(concurrency + queue)
        self._threads = ThreadPoolExecutor(concurrency, "hash", initializer=_step_back)

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
            raise Unavailable(RETRY_AFTER)
        begun = threading.Event()

        def job() -> T:
            begun.set()
            return work(*arguments)

        future: Future[T] = self._threads.submit(job)
        future.add_done_callback(lambda _: self._room.release())
        if not begun.wait(LONGEST_WAIT) and future.cancel():
            raise Unavailable(RETRY_AFTER)
        return future.result()


def _step_back() -> None:
    """Lower this thread's priority (Linux gives every thread its own nice value)."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
