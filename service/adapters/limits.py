"""Throttles on the library `limits`: in memory for one process, in Redis for several."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from time import time
from typing import cast

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from service.core.errors import RateLimited, Unavailable
from service.core.throttles import DEFAULTS, Rule


class LimitThrottles:
    """Count by rule and key; keys are kept as hashes. A rule may hold several windows: all must have room."""

    def __init__(self, storage: Storage, rules: dict[Rule, list[RateLimitItem]]) -> None:
        self._limiter = FixedWindowRateLimiter(storage)
        self._storage = storage
        self._rules = rules

    def take(self, rule: Rule, key: str) -> None:
        full = self._count(rule, key)
        if full is not None:
            reset_at = self._limiter.get_window_stats(full, *_name(rule, key)).reset_time
            raise RateLimited(timedelta(seconds=max(1, round(reset_at - time()))))

    def allows(self, rule: Rule, key: str) -> bool:
        return self._count(rule, key) is None

    def give_back(self, rule: Rule, key: str) -> None:
        for item in self._rules[rule]:
            self._storage.incr(item.key_for(*_name(rule, key)), item.get_expiry(), amount=-1)

    def clear(self, rule: Rule, key: str) -> None:
        for item in self._rules[rule]:
            self._limiter.clear(item, *_name(rule, key))

    def require_answer(self) -> None:
        """Raise `Unavailable` when the counters' server does not answer."""
        if not self._storage.check():
            raise Unavailable

    def _count(self, rule: Rule, key: str) -> RateLimitItem | None:
        """Count in every window; return the first that is full."""
        name = _name(rule, key)
        full = [item for item in self._rules[rule] if not self._limiter.hit(item, *name)]
        return full[0] if full else None


def open_throttles(redis_url: str | None, overrides: Iterable[str], scale: float) -> LimitThrottles:
    """Return the throttles for `AUTH_REDIS_URL`, `AUTH_RATE_LIMITS` and `AUTH_RATE_LIMIT_SCALE`.

    Raises `ValueError` naming an override that cannot be read.
    """
    storage = cast(Storage, storage_from_string(redis_url)) if redis_url else MemoryStorage()
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
