"""Throttles, one contract: counted in this process, and counted in Redis by several."""

import threading
import time
from datetime import timedelta

import pytest
import redis

from service.adapters import limits as module
from service.adapters.limits import LimitThrottles, open_throttles
from service.core.errors import RateLimited, Unavailable
from service.core.throttles import DEFAULTS, Rule
from tests.support.redis_server import RedisServer

RULE, OTHER = Rule.LOGIN_PER_ACCOUNT, Rule.FORGOT_PER_ADDRESS
LIMITS = ("login_per_account=3/minute", "forgot_per_address=2/minute;3/hour")


@pytest.fixture(params=["memory", "redis"])
def counters(request: pytest.FixtureRequest) -> str | None:
    """Where to count: None for this process."""
    return None if request.param == "memory" else str(request.getfixturevalue("redis_url"))


@pytest.fixture
def throttles(counters: str | None) -> LimitThrottles:
    return open_throttles(counters, LIMITS, 1)


def test_what_is_allowed_is_allowed_and_no_more(throttles: LimitThrottles) -> None:
    for _ in range(3):
        throttles.take(RULE, "ada")
    for _ in range(3):
        with pytest.raises(RateLimited) as refused:
            throttles.take(RULE, "ada")
        assert timedelta(seconds=1) <= refused.value.retry_after <= timedelta(seconds=60)
    assert throttles.allows(RULE, "ada") is False


def test_keys_and_rules_do_not_know_of_each_other(throttles: LimitThrottles) -> None:
    for _ in range(3):
        throttles.take(RULE, "ada")
    throttles.take(RULE, "bob")
    assert throttles.allows(OTHER, "ada") is True


def test_every_window_of_a_rule_counts(throttles: LimitThrottles) -> None:
    assert [throttles.allows(OTHER, "ada") for _ in range(3)] == [True, True, False]
    with pytest.raises(RateLimited) as refused:
        throttles.take(OTHER, "ada")
    assert refused.value.retry_after <= timedelta(hours=1)


def test_what_is_given_back_can_be_taken_again(throttles: LimitThrottles) -> None:
    for _ in range(10):
        throttles.take(RULE, "ada")
        throttles.give_back(RULE, "ada")
    for _ in range(3):
        throttles.take(RULE, "ada")
    throttles.give_back(RULE, "ada")
    assert [throttles.allows(RULE, "ada") for _ in range(2)] == [True, False]


def test_a_cleared_key_starts_anew(throttles: LimitThrottles) -> None:
    for _ in range(3):
        throttles.take(RULE, "ada")
    throttles.clear(RULE, "ada")
    throttles.clear(RULE, "nobody")
    assert [throttles.allows(RULE, "ada") for _ in range(4)] == [True, True, True, False]


def test_a_window_passes(counters: str | None) -> None:
    throttles = open_throttles(counters, ("login_per_account=1/second",), 1)
    throttles.take(RULE, "ada")
    with pytest.raises(RateLimited) as refused:
        throttles.take(RULE, "ada")
    time.sleep(refused.value.retry_after.total_seconds() + 0.1)
    throttles.take(RULE, "ada")


@pytest.mark.parametrize("key", ["reader@example.org", "a/b:c*", "\ud800", "x" * 10_000, "192.0.2.1"])
def test_any_key_can_be_counted(throttles: LimitThrottles, key: str) -> None:
    assert [throttles.allows(RULE, key) for _ in range(4)] == [True, True, True, False]


def test_many_at_once_get_no_more_than_one_by_one(throttles: LimitThrottles) -> None:
    outcomes: list[bool] = []
    people = [
        threading.Thread(target=lambda: outcomes.append(throttles.allows(RULE, "ada"))) for _ in range(20)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert outcomes.count(True) == 3


def test_every_rule_has_a_default_that_can_be_scaled(counters: str | None) -> None:
    assert set(DEFAULTS) == set(Rule)
    doubled = open_throttles(counters, (), 2)
    wide = open_throttles(counters, (), 1000)
    for rule in Rule:
        smallest = int(DEFAULTS[rule].partition("/")[0])
        assert [doubled.allows(rule, "x") for _ in range(2 * smallest + 1)].count(True) == 2 * smallest
        assert all(wide.allows(rule, "y") for _ in range(20))


def test_no_scale_turns_a_throttle_into_a_wall() -> None:
    throttles = open_throttles(None, (), 0.0001)
    assert [throttles.allows(RULE, "ada") for _ in range(2)] == [True, False]


@pytest.mark.parametrize("override", ["nobody=1/minute", "login_per_account=often", "login_per_account="])
def test_an_override_nobody_can_read_is_refused_by_name(override: str) -> None:
    with pytest.raises(ValueError, match="AUTH_RATE_LIMITS") as refused:
        open_throttles(None, (override,), 1)
    assert override in str(refused.value)


def test_processes_share_what_redis_counts(redis_url: str) -> None:
    one, other = (open_throttles(redis_url, LIMITS, 1) for _ in range(2))
    one.take(RULE, "ada")
    other.take(RULE, "ada")
    one.take(RULE, "ada")
    with pytest.raises(RateLimited):
        other.take(RULE, "ada")


@pytest.mark.case("INJ-09")
def test_redis_learns_no_address_and_forgets_in_time(redis_url: str) -> None:
    throttles = open_throttles(redis_url, LIMITS, 1)
    throttles.take(RULE, "reader@example.org")
    with redis.Redis.from_url(redis_url) as connection:
        (key,) = connection.keys()
        assert b"reader" not in key
        assert connection.get(key) == b"1"
        assert 0 < connection.ttl(key) <= 60


@pytest.mark.case("FLT-25")
def test_without_redis_throttles_count_in_the_process_and_return_to_it(
    redis_server: RedisServer, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AWAY", 0.2)
    throttles = open_throttles(redis_url, LIMITS, 1)
    throttles.take(RULE, "ada")
    throttles.require_answer()
    redis_server.stop()
    try:
        assert [throttles.allows(RULE, "ada") for _ in range(4)] == [True, True, True, False]
        throttles.give_back(RULE, "ada")
        throttles.clear(RULE, "ada")
        with pytest.raises(Unavailable):
            throttles.require_answer()
    finally:
        redis_server.start()
    time.sleep(0.3)
    throttles.require_answer()
    throttles.take(RULE, "ada")
    with redis.Redis.from_url(redis_url) as connection:
        assert len(connection.keys()) == 1


@pytest.mark.case("FLT-26")
def test_a_redis_that_hangs_is_asked_once_and_then_left_alone(
    redis_server: RedisServer, redis_url: str
) -> None:
    throttles = open_throttles(redis_url, LIMITS, 1)
    throttles.take(RULE, "ada")
    with redis.Redis.from_url(redis_url) as connection:
        connection.execute_command("CLIENT", "PAUSE", "1500", "ALL")
    begun = time.monotonic()
    for person in range(50):
        throttles.take(RULE, f"reader {person}")
    assert time.monotonic() - begun < 1
    time.sleep(1.5)


def test_counting_in_memory_starts_no_threads_and_forgets_what_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY", 0.0)
    throttles = open_throttles(None, ("login_per_account=3/2second",), 1)
    threads = threading.active_count()
    for number in range(20):
        throttles.take(RULE, f"reader {number}")
    assert threading.active_count() <= threads
    memory = throttles._storage
    assert isinstance(memory, module.SweptMemory)
    assert len(memory.storage) == 20
    time.sleep(2.1)
    throttles.take(RULE, "ada")
    assert len(memory.storage) == 1
