"""Count where all processes count, or, while that does not answer, in this one with half the room.

Throttles are never off: without Redis every process counts for itself, at half the limits of each rule.
"""

import logging
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from service.adapters.limits.breaker import Breaker
from service.adapters.limits.counters import Counters
from service.core.errors import RateLimited, Unavailable
from service.core.throttles import Rule

log = logging.getLogger(__name__)
T = TypeVar("T")


class LimitThrottles:
    """`near` counts in this process. `open_far` opens the counters that processes share, None where there are none.

    `away` are the errors that say they do not answer.
    """

    def __init__(
        self,
        near: Counters,
        open_far: Callable[[], Counters] | None = None,
        away: tuple[type[Exception], ...] = (),
    ) -> None:
        self._near = near
        self._open_far = open_far
        self._away = away
        self._breaker = Breaker()

    def take(self, rule: Rule, key: str) -> None:
        wait = self._ask(lambda counters: counters.take(rule, key))
        if wait is not None:
            log.info("throttled", extra={"rule": str(rule)})
            raise RateLimited(wait)

    def allows(self, rule: Rule, key: str) -> bool:
        allowed = self.count(rule, key) <= 1
        if not allowed:
            log.info("throttled", extra={"rule": str(rule)})
        return allowed

    def count(self, rule: Rule, key: str) -> float:
        return self._ask(lambda counters: counters.count(rule, key))

    def give_back(self, rule: Rule, key: str) -> None:
        self._ask(lambda counters: counters.give_back(rule, key))

    def clear(self, rule: Rule, key: str) -> None:
        self._ask(lambda counters: counters.clear(rule, key))

    def fullness(self, rule: Rule, key: str) -> float:
        return self._ask(lambda counters: counters.fullness(rule, key))

    def require_answer(self) -> None:
        """Raise `Unavailable` when the counters' server does not answer."""
        if self._open_far is None:
            return
        try:
            answers = self._far.storage.check()
        except self._away as error:
            raise Unavailable from error
        if not answers:
            raise Unavailable

    @cached_property
    def _far(self) -> Counters:
        # at first use: a cluster is asked for its plan on opening, and the service starts without Redis, too
        assert self._open_far is not None
        return self._open_far()

    def _ask(self, work: Callable[[Counters], T]) -> T:
        if self._open_far is not None and self._breaker.may_try():
            try:
                answer = work(self._far)
            except self._away as error:
                if self._breaker.failed():
                    log.warning("throttles_in_memory", extra={"cause": repr(error)})
            else:
                if self._breaker.worked():
                    log.info("throttles_shared_again")
                return answer
        return work(self._near)
