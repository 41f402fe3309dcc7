"""Throttles on the library `limits`: in memory for one process, in Redis for several.

While Redis is away every process counts for itself: throttles get wider by the number of processes, never off.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from threading import Timer
from time import monotonic, time
from typing import Any, TypeVar, cast

from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from service.core.errors import RateLimited, Unavailable
from service.core.throttles import DEFAULTS, Rule

log = logging.getLogger(__name__)
T = TypeVar("T")
# A counter is asked on every sign-in: a Redis that does not answer at once is left alone for a while.
PATIENCE: dict[str, Any] = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2, "wrap_exceptions": True}
AWAY = 5.0  # seconds
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


class LimitThrottles:
    """Count by rule and key; keys are kept as hashes. A rule may hold several windows: all must have room."""

    def __init__(self, storage: Storage, rules: dict[Rule, list[RateLimitItem]]) -> None:
        self._limiter = FixedWindowRateLimiter(storage)
        self._spare = FixedWindowRateLimiter(SweptMemory())
        self._away_until = 0.0
        self._storage = storage
        self._rules = rules

    def take(self, rule: Rule, key: str) -> None:
        full = self._count(rule, key)
        if full is not None:
            stats = self._ask(lambda limiter: limiter.get_window_stats(full, *_name(rule, key)))
            raise RateLimited(timedelta(seconds=max(1, round(stats.reset_time - time()))))

    def allows(self, rule: Rule, key: str) -> bool:
        return self._count(rule, key) is None

    def give_back(self, rule: Rule, key: str) -> None:
        name, items = _name(rule, key), self._rules[rule]
        self._ask(lambda on: [on.storage.incr(i.key_for(*name), i.get_expiry(), amount=-1) for i in items])

    def clear(self, rule: Rule, key: str) -> None:
        name, items = _name(rule, key), self._rules[rule]
        self._ask(lambda limiter: [limiter.clear(item, *name) for item in items])  # type: ignore[func-returns-value]

    def fullness(self, rule: Rule, key: str) -> float:
        name, items = _name(rule, key), self._rules[rule]
        return self._ask(lambda on: max(min(1.0, on.storage.get(i.key_for(*name)) / i.amount) for i in items))

    def require_answer(self) -> None:
        """Raise `Unavailable` when the counters' server does not answer."""
        if not self._storage.check():
            raise Unavailable

    def _count(self, rule: Rule, key: str) -> RateLimitItem | None:
        """Count in every window; return the first that is full."""
        name = _name(rule, key)
        full = self._ask(lambda limiter: [i for i in self._rules[rule] if not limiter.hit(i, *name)])
        return full[0] if full else None

    def _ask(self, work: Callable[[FixedWindowRateLimiter], T]) -> T:
        """Count where all processes count, or, while that does not answer, in this one."""
        if monotonic() >= self._away_until:
            try:
                return work(self._limiter)
            except StorageError as error:
                self._away_until = monotonic() + AWAY
                log.warning("throttles_in_memory", extra={"cause": repr(error.storage_error)})
        return work(self._spare)


def open_throttles(redis_url: str | None, overrides: Iterable[str], scale: float) -> LimitThrottles:
    """Return the throttles for `AUTH_REDIS_URL`, `AUTH_RATE_LIMITS` and `AUTH_RATE_LIMIT_SCALE`.

    Raises `ValueError` naming an override that cannot be read, or saying that the URL cannot be.
    """
    try:
        storage = cast(Storage, storage_from_string(redis_url, **PATIENCE)) if redis_url else SweptMemory()
    except (ValueError, ConfigurationError):
        raise ValueError(
            "AUTH_REDIS_URL: expected redis://:password@host:port/0 (write / ? # @ : in a password as %XX)"
        ) from None
    texts = dict(DEFAULTS)
    for override in overrides:
        name, _, limit = override.partition("=")
        try:
            texts[Rule(name.strip())] = limit.strip()
            parse_many(limit)
        except ValueError as error:
            raise ValueError(
                f"AUTH_RATE_LIMITS: {override!r} is not of the form {Rule.LOGIN_PER_ACCOUNT}=10/5minute"
            ) from error
    return LimitThrottles(storage, {rule: _scaled(text, scale) for rule, text in texts.items()})


def _scaled(text: str, scale: float) -> list[RateLimitItem]:
    items = parse_many(text)
    return [type(item)(max(1, round(item.amount * scale)), item.multiples, item.namespace) for item in items]


def _name(rule: Rule, key: str) -> tuple[str, str]:
    return rule, hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
