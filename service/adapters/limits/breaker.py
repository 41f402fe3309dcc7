"""A circuit breaker: what does not answer is left alone for a while, then asked by one caller."""

from threading import Lock
from time import monotonic

AWAY = 5.0  # seconds


class Breaker:
    """Closed at first. A failure opens it; then one caller a pause may try, and closes it by succeeding."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = False
        self._next_try = 0.0

    def may_try(self) -> bool:
        with self._lock:
            if not self._open:
                return True
            if monotonic() < self._next_try:
                return False
            self._next_try = monotonic() + AWAY  # the others wait for what this one finds
            return True

    def failed(self) -> bool:
        """Open; whether it was closed before."""
        with self._lock:
            was_closed, self._open = not self._open, True
            self._next_try = monotonic() + AWAY
            return was_closed

    def worked(self) -> bool:
        """Close; whether it was open before."""
        if not self._open:
            return False
        with self._lock:
            was_open, self._open = self._open, False
            return was_open
