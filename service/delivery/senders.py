"""The threads that send. Whoever claims asks first how many of them are idle."""

import queue
import threading
import time
from collections.abc import Callable, Sequence

from service.delivery.claims import Claim


class Senders:
    """A few threads, each with one row in hand at most, so that a slow one holds up nobody else."""

    def __init__(self, count: int, deliver: Callable[[Claim], object]) -> None:
        self._deliver = deliver
        self._claims: queue.SimpleQueue[Claim | None] = queue.SimpleQueue()
        self._idle = count
        self._count = count
        self._changed = threading.Condition()
        # daemons: a hanging one must not keep the process; the lease brings its row back
        self._threads = [
            threading.Thread(target=self._run, name=f"sender-{number}", daemon=True)
            for number in range(1, count + 1)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def all_idle(self) -> bool:
        return self._idle == self._count

    def wait_for_idle(self, timeout: float) -> int:
        """Wait up to `timeout` seconds for an idle thread; how many there are."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle > 0, timeout)
            return self._idle

    def hand(self, claims: Sequence[Claim]) -> None:
        """Give out rows, at most as many as threads are idle."""
        with self._changed:
            self._idle -= len(claims)
        for claim in claims:
            self._claims.put(claim)

    def finish(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for what is in hand, then end."""
        deadline = time.monotonic() + timeout
        for _ in self._threads:
            self._claims.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while (claim := self._claims.get()) is not None:
            try:
                self._deliver(claim)
            finally:
                with self._changed:
                    self._idle += 1
                    self._changed.notify()
