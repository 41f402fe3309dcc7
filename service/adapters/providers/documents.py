"""What a provider publishes of itself, kept: fresh for an hour, good for a day when it cannot be fetched."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx2

from service.core.errors import ProviderUnavailable

T = TypeVar("T")

FRESH = 3600.0  # seconds
STALE = 86400.0
PAUSE = 60.0  # between two forced fetches, whoever asks for them
PAUSE_AFTER_TROUBLE = 2.0
PATIENCE = 2.0  # for a fetch that another thread is at
MOST_WAITING = 4


@dataclass(frozen=True)
class Fetched(Generic[T]):
    """A document and when it came, by `time.monotonic`."""

    document: T
    at: float


class KeptDocument(Generic[T]):
    """One document. One thread fetches it; the others use the one they have, or wait for it."""

    def __init__(self, fetch: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._fetching = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._kept: Fetched[T] | None = None
        self._forced_at = self._failed_at = float("-inf")

    def get(self) -> T:
        """Return the document. Raises `ProviderUnavailable` when there is none and none can be had."""
        kept = self._kept
        age = self._age(kept) if kept is not None else STALE
        if kept is not None and age < FRESH:
            return kept.document
        usable = kept is not None and age < STALE
        if not (self._fetching.acquire(blocking=False) if usable else self._turn_comes()):
            return _or_unavailable(kept if usable else None)
        try:
            return self._renew(kept)
        finally:
            self._fetching.release()

    def fetch_again(self, than: T) -> T:
        """Return a newer document than `than`, or `than` when another forced fetch was less than a minute ago."""
        if not self._turn_comes():
            return than
        try:
            kept = self._kept
            if kept is not None and kept.document is not than:
                return kept.document
            if self._clock() - self._forced_at < PAUSE:
                return than
            self._forced_at = self._clock()
            return self._renew(kept)
        finally:
            self._fetching.release()

    def _turn_comes(self) -> bool:
        """Wait for the lock, but not for long and not with many: a dead provider must not hold up all threads."""
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._fetching.acquire(timeout=PATIENCE)
        finally:
            self._waiting.release()

    def _renew(self, before: Fetched[T] | None) -> T:
        """Fetch while holding the lock, unless somebody did while we waited for it or has just failed to."""
        kept = self._kept
        if kept is not None and kept is not before:
            return kept.document
        usable = kept if kept is not None and self._age(kept) < STALE else None
        if self._clock() - self._failed_at < PAUSE_AFTER_TROUBLE:
            return _or_unavailable(usable)
        try:
            fresh = self._fetch()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, ProviderUnavailable):
            self._failed_at = self._clock()
            return _or_unavailable(usable)
        self._kept = Fetched(fresh, self._clock())
        return fresh

    def _age(self, kept: Fetched[T]) -> float:
        return self._clock() - kept.at


def _or_unavailable(kept: Fetched[T] | None) -> T:
    if kept is None:
        raise ProviderUnavailable
    return kept.document
