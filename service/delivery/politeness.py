"""How many letters a recipient's domain gets at once and in a while, so that a slow one holds up nobody else."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

SLOW = 2.0  # seconds one letter is under way: from then on its domain is slow
BUSY_PAUSE = 1.0  # seconds: a domain that is merely popular is asked again soon
SLOW_PAUSE = 30.0
WINDOW = 5.0  # seconds over which the rate is counted
MOST_DOMAINS = 10_000  # remembered without a letter under way


@dataclass(frozen=True)
class Place:
    """A letter's place among those on their way to a domain."""

    domain: str
    since: float


@dataclass
class _Domain:
    """What is on its way to a domain, how many set out since `window`, and whether the last one took long."""

    under_way: list[Place] = field(default_factory=list)
    slow: bool = False
    window: float = 0.0
    set_out: int = 0


class Politeness:
    """Places by domain, in one worker: at most `at_once`, and `per_second` where that is more than 0.

    Domains found slow share `slow_at_once` places, so that however many there are, some are left for the others.
    """

    def __init__(self, at_once: int, per_second: float = 0.0, *, slow_at_once: int | None = None) -> None:
        self._at_once, self._per_window = at_once, per_second * WINDOW
        self._slow_at_once = slow_at_once
        self._domains: defaultdict[str, _Domain] = defaultdict(_Domain)
        self._lock = threading.Lock()

    def admit(self, domain: str) -> Place | float:
        """Take a place for a letter, or say how many seconds it had better wait."""
        now = time.monotonic()
        with self._lock:
            here = self._domains[domain]
            if len(here.under_way) >= self._at_once:
                oldest = min(place.since for place in here.under_way)
                return SLOW_PAUSE if now - oldest >= SLOW else BUSY_PAUSE
            if here.slow and self._slow_at_once is not None and self._slow_ones() >= self._slow_at_once:
                return SLOW_PAUSE
            if now - here.window >= WINDOW:
                here.window, here.set_out = now, 0
            if self._per_window and here.set_out >= self._per_window:
                return here.window + WINDOW - now
            place = Place(domain, now)
            here.under_way.append(place)
            here.set_out += 1
            return place

    def leave(self, place: Place) -> None:
        """Give a place back; twice does no harm."""
        with self._lock:
            here = self._domains[place.domain]
            if place in here.under_way:
                here.under_way.remove(place)
                here.slow = time.monotonic() - place.since >= SLOW
            if not self._per_window or len(self._domains) > MOST_DOMAINS:
                self._forget_idle_ones()

    def _slow_ones(self) -> int:
        return sum(len(domain.under_way) for domain in self._domains.values() if domain.slow)

    def _forget_idle_ones(self) -> None:
        for name, domain in list(self._domains.items()):
            if not domain.under_way and not (domain.slow and self._slow_at_once is not None):
                del self._domains[name]
