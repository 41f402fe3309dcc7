"""Throttles on the library `limits`: in memory for one process, in Redis for several."""

from collections.abc import Iterable

from limits import RateLimitItem, parse_many

from service.adapters.limits.counters import Counters
from service.adapters.limits.memory import SweptMemory
from service.adapters.limits.throttles import LimitThrottles
from service.core.throttles import DEFAULTS, Rule

__all__ = ["LimitThrottles", "open_throttles", "room"]


def open_throttles(redis_url: str | None, overrides: Iterable[str], scale: float) -> LimitThrottles:
    """Return the throttles for `AUTH_REDIS_URL`, `AUTH_RATE_LIMITS` and `AUTH_RATE_LIMIT_SCALE`.

    Connects to nothing. Raises `ValueError` naming an override that cannot be read, or saying that the URL cannot be.
    """
    rules = _rules(overrides, scale)
    if redis_url is None:
        return LimitThrottles(Counters(SweptMemory(), rules))
    from service.adapters.limits.servers import AWAY_ERRORS, redis_at  # takes a tenth of a second, and 5 MiB

    halves = {rule: [_with(limit, limit.amount // 2) for limit in limits] for rule, limits in rules.items()}
    open_storage = redis_at(redis_url)
    return LimitThrottles(
        Counters(SweptMemory(), halves), lambda: Counters(open_storage(), rules), AWAY_ERRORS
    )


def room(rule: Rule, overrides: Iterable[str], scale: float) -> int:
    """Return how many a rule allows in its first window."""
    return _rules(overrides, scale)[rule][0].amount


def _rules(overrides: Iterable[str], scale: float) -> dict[Rule, list[RateLimitItem]]:
    limits = {rule: parse_many(text) for rule, text in DEFAULTS.items()}
    for override in overrides:
        name, _, text = override.partition("=")
        try:
            limits[Rule(name.strip())] = parse_many(text)
        except ValueError as error:
            raise ValueError(
                f"AUTH_RATE_LIMITS: {override!r} is not of the form {Rule.LOGIN_PER_ACCOUNT}=10/5minute"
            ) from error
    return {
        rule: [_with(limit, round(limit.amount * scale)) for limit in found] for rule, found in limits.items()
    }


def _with(limit: RateLimitItem, amount: int) -> RateLimitItem:
    return type(limit)(max(1, amount), limit.multiples)
