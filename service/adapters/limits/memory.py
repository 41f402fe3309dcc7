"""Counters in the memory of one process."""

from collections.abc import Callable
from threading import Timer
from time import monotonic

from limits.storage import MemoryStorage

SWEEP_EVERY = 60.0  # seconds


class SweptMemory(MemoryStorage):
    """Counters in memory, swept by who counts, once a minute.

    The library's own starts a thread 10 ms after nearly every count to look through all counters, which costs more
    than everything else a request for a letter does.
    """

    @property
    def timer(self) -> Timer:
        return self._sweeper

    @timer.setter
    def timer(self, timer: Timer) -> None:
        self._sweeper = _Sweeper(timer.function)


class _Sweeper(Timer):
    """A timer that needs no thread. Whoever asks whether it is running may have to sweep."""

    def __init__(self, sweep: Callable[[], object]) -> None:
        super().__init__(0, sweep)
        self._due_at = monotonic() + SWEEP_EVERY

    def start(self) -> None:
        """There is nothing to start."""

    def is_alive(self) -> bool:
        now = monotonic()
        if now >= self._due_at:
            self._due_at = now + SWEEP_EVERY
            self.function()
        return True
