"""What is counted in one place, by rule and key. A rule may hold several windows: all must have room."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import time

from limits import RateLimitItem
from limits.storage import Storage

from service.core.throttles import Rule


@dataclass(frozen=True)
class Counters:
    """Fixed windows in a storage. Keys are kept as hashes."""

    storage: Storage
    rules: Mapping[Rule, Sequence[RateLimitItem]]

    def count(self, rule: Rule, key: str) -> float:
        """Count one in every window; return how full the fullest is now, more than 1 when it was full before."""
        return max(
            self.storage.incr(name, limit.get_expiry()) / limit.amount
            for limit, name in self._windows(rule, key)
        )

    def take(self, rule: Rule, key: str) -> timedelta | None:
        """Count one in every window; return how long to wait when there was no room."""
        full = [
            name
            for limit, name in self._windows(rule, key)
            if self.storage.incr(name, limit.get_expiry()) > limit.amount
        ]
        if not full:
            return None
        return timedelta(seconds=max(1, *(round(self.storage.get_expiry(name) - time()) for name in full)))

    def give_back(self, rule: Rule, key: str) -> None:
        for limit, name in self._windows(rule, key):
            self.storage.incr(name, limit.get_expiry(), amount=-1)

    def clear(self, rule: Rule, key: str) -> None:
        for _, name in self._windows(rule, key):
            self.storage.clear(name)

    def fullness(self, rule: Rule, key: str) -> float:
        return max(self.storage.get(name) / limit.amount for limit, name in self._windows(rule, key))

    def _windows(self, rule: Rule, key: str) -> list[tuple[RateLimitItem, str]]:
        hashed = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return [(limit, limit.key_for(rule, hashed)) for limit in self.rules[rule]]
