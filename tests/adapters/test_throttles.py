"""Throttles, one contract: counted in this process, and by several in one Redis, a watched one, or a cluster."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from limits import parse
from limits.storage import RedisSentinelStorage

from service.adapters.limits import LimitThrottles, breaker, memory, open_throttles, room
from service.adapters.limits.counters import Counters
from service.adapters.limits.servers import redis_at
from service.core.errors import RateLimited, Unavailable
from service.core.throttles import DEFAULTS, Rule
from tests.support.processes import free_port
from tests.support.redis_server import RedisServer
from tests.support.redis_sets import RedisCluster, WatchedRedis

RULE, OTHER = Rule.LOGIN_PER_ACCOUNT, Rule.FORGOT_PER_ADDRESS
LIMITS = ("login_per_account=3/minute", "forgot_per_address=2/minute;3/2hour")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedRedis]:
    redis = WatchedRedis(tmp_path_factory.mktemp("sentinel"))
    try:
        redis.start()
        yield redis
    finally:
        redis.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    redis = RedisCluster(tmp_path_factory.mktemp("cluster"))
    try:
        redis.start()
        yield redis
    finally:
        redis.stop()


@pytest.fixture
def watched_url(watched: WatchedRedis) -> str:
    watched.server.flush()
    return watched.url


@pytest.fixture
def cluster_url(cluster: RedisCluster) -> str:
    cluster.server.flush()
    return cluster.url


@pytest.fixture(params=[None, "redis_url", "watched_url", "cluster_url"], ids=str)
def counters(request: pytest.FixtureRequest) -> str | None:
    """Where to count: None for this process."""
    return None if request.param is None else str(request.getfixturevalue(request.param))


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


def test_keys_and_rules_do_not_know_of_each_other(counters: str | None) -> None:
    throttles = open_throttles(counters, (f"{RULE}=3/minute", f"{OTHER}=3/minute"), 1)
    for _ in range(3):
        throttles.take(RULE, "ada")
    throttles.take(RULE, "bob")
    assert throttles.allows(OTHER, "ada") is True


def test_every_window_of_a_rule_counts(throttles: LimitThrottles) -> None:
    assert [throttles.allows(OTHER, "ada") for _ in range(3)] == [True, True, False]
    with pytest.raises(RateLimited) as refused:
        throttles.take(OTHER, "ada")
    assert timedelta(minutes=119) < refused.value.retry_after <= timedelta(hours=2)


def test_what_is_given_back_can_be_taken_again(throttles: LimitThrottles) -> None:
    for _ in range(10):
        throttles.take(RULE, "ada")
        throttles.give_back(RULE, "ada")
    for _ in range(3):
        throttles.take(RULE, "ada")
    throttles.give_back(RULE, "ada")
    assert [throttles.allows(RULE, "ada") for _ in range(2)] == [True, False]


def test_what_is_given_back_after_its_window_is_forgotten_in_time(counters: str | None) -> None:
    throttles = open_throttles(counters, (f"{RULE}=3/second",), 1)
    throttles.give_back(RULE, "ada")
    time.sleep(1.1)
    assert [throttles.allows(RULE, "ada") for _ in range(4)] == [True, True, True, False]


def test_how_full_a_rule_is_can_be_seen_without_counting(throttles: LimitThrottles) -> None:
    assert throttles.fullness(OTHER, "ada") == 0
    assert throttles.count(OTHER, "ada") == 0.5
    assert [throttles.fullness(OTHER, "ada") for _ in range(3)] == [0.5] * 3
    assert [throttles.count(OTHER, "ada") for _ in range(2)] == [1, 1.5]
    assert throttles.fullness(OTHER, "ada") == 1.5


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
    assert refused.value.retry_after == timedelta(seconds=1)
    time.sleep(1.1)
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


def test_every_rule_has_a_default_that_can_be_scaled() -> None:
    assert set(DEFAULTS) == set(Rule)
    doubled = open_throttles(None, (), 2)
    wide = open_throttles(None, (), 1000)
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
def test_without_redis_the_process_counts_with_half_the_room_until_redis_is_back(
    redis_server: RedisServer,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(breaker, "AWAY", 0.2)
    caplog.set_level(logging.INFO, "service.adapters.limits.throttles")
    throttles = open_throttles(redis_url, ("login_per_account=5/minute",), 1)
    throttles.take(RULE, "ada")
    throttles.require_answer()
    redis_server.stop()
    try:
        assert [throttles.allows(RULE, "ada") for _ in range(4)] == [True, True, False, False]
        assert throttles.fullness(RULE, "ada") >= 1
        throttles.give_back(RULE, "ada")
        throttles.clear(RULE, "ada")
        assert [throttles.allows(OTHER, "ada") for _ in range(2)] == [True, False]
        with pytest.raises(Unavailable):
            throttles.require_answer()
    finally:
        redis_server.start()
    time.sleep(0.3)
    throttles.require_answer()
    throttles.take(RULE, "ada")
    with redis.Redis.from_url(redis_url) as connection:
        assert len(connection.keys()) == 1
    events = [record.message for record in caplog.records if record.message.startswith("throttles")]
    assert events == ["throttles_in_memory", "throttles_shared_again"]


@pytest.mark.case("FLT-25")
@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("redis", "ConnectionError"),
        ("redis+sentinel", "MasterNotFoundError"),
        ("redis+cluster", "RedisClusterException"),
    ],
)
def test_redis_may_be_away_from_the_start(kind: str, cause: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "service.adapters.limits.throttles")
    name = "/counters" if kind == "redis+sentinel" else ""
    throttles = open_throttles(f"{kind}://127.0.0.1:{free_port()}{name}", LIMITS, 1)
    assert [throttles.allows(RULE, "ada") for _ in range(2)] == [True, False]
    (fallen_back, _) = caplog.records
    assert cause in vars(fallen_back)["cause"]
    with pytest.raises(Unavailable):
        throttles.require_answer()


def test_the_breaker_lets_one_caller_try_after_each_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(breaker, "monotonic", lambda: now)
    circuit = breaker.Breaker()
    assert circuit.may_try()
    assert circuit.failed()
    assert not circuit.failed()
    assert not circuit.may_try()
    now += breaker.AWAY
    assert [circuit.may_try() for _ in range(3)] == [True, False, False]
    circuit.failed()
    now += breaker.AWAY
    assert [circuit.may_try() for _ in range(2)] == [True, False]
    assert circuit.worked()
    assert all(circuit.may_try() for _ in range(3))
    assert not circuit.worked()


class SlowServer:
    """Takes connections and says nothing, as a Redis does that hangs; keeps who came."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.visitors: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.visitors.append(self._socket.accept()[0])

    def heard(self) -> bytes:
        """What the first visitor said before giving up."""
        self.visitors[0].settimeout(5)
        return self.visitors[0].recv(4096)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for visitor in self.visitors:
            visitor.close()


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    server = SlowServer()
    yield server
    server.close()


@pytest.mark.parametrize("kind", ["redis", "redis+sentinel", "redis+cluster"])
def test_with_a_second_s_redis_is_spoken_to_over_tls(slow: SlowServer, kind: str) -> None:
    kind, name = kind.replace("redis", "rediss"), "/counters" if kind == "redis+sentinel" else ""
    open_throttles(f"{kind}://:hush@127.0.0.1:{slow.port}{name}", LIMITS, 1).take(RULE, "ada")
    assert slow.heard()[:2] == b"\x16\x03"  # a TLS handshake


@pytest.mark.parametrize(
    ("kind", "place", "told"),
    [
        ("redis", "/0", (b"masthead", b"a, b/")),
        ("redis+cluster", "/", (b"masthead", b"a, b/")),
        ("redis+sentinel", "/counters/", (b"masthead", b"a, b/")),
        ("redis+sentinel", "/counters?sentinel_password=c%2F", (b"c/",)),
        ("redis+sentinel", "/counters?sentinel_password=", ()),
    ],
)
def test_a_server_is_told_its_own_name_and_password_and_no_other(
    slow: SlowServer, kind: str, place: str, told: tuple[bytes, ...]
) -> None:
    hosts = f"127.0.0.1:{slow.port}"
    if kind != "redis":  # of several, those that are gone do not matter
        hosts = f"127.0.0.1:{free_port()},{hosts}"
    open_throttles(f"{kind}://masthead:a%2C%20b%2F@{hosts}{place}", LIMITS, 1).take(RULE, "ada")
    heard = slow.heard()
    assert heard.startswith(b"*")
    assert tuple(word for word in (b"masthead", b"a, b/", b"c/") if word in heard) == told


def test_what_is_counted_is_never_read_from_a_replica() -> None:
    storage = redis_at("redis+sentinel://127.0.0.1:1/counters")()
    assert isinstance(storage, RedisSentinelStorage)
    assert storage.get_connection(readonly=True) is storage.get_connection(readonly=False)


@pytest.mark.case("FLT-26")
def test_a_redis_that_hangs_is_asked_once_and_then_left_alone(slow: SlowServer) -> None:
    throttles = open_throttles(f"redis://127.0.0.1:{slow.port}/0", LIMITS, 1)
    begun = time.monotonic()
    for person in range(50):
        throttles.take(RULE, f"reader {person}")
    assert time.monotonic() - begun < 2  # 50 times 0.2 s would be 10
    assert len(slow.visitors) == 1


def test_what_is_refused_is_logged_by_rule_without_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "service.adapters.limits.throttles")
    throttles = open_throttles(None, LIMITS, 1)
    for _ in range(3):
        throttles.take(RULE, "reader@example.org")
    assert not caplog.records
    with pytest.raises(RateLimited):
        throttles.take(RULE, "reader@example.org")
    assert not throttles.allows(RULE, "reader@example.org")
    logged = [(record.message, vars(record)["rule"]) for record in caplog.records]
    assert logged == [("throttled", "login_per_account")] * 2
    assert "reader" not in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize(
    "url",
    [
        "http://:hush-hush@host:1/0",
        "redis+other://:hush-hush@host:1",
        "redis+sentinel://:hush-hush@host:26379",
        "redis+sentinel://:hush-hush@host/counters",
        "redis+sentinel://:hush-hush@host:1,other/counters",
        "redis+sentinel://:hush-hush@host:1/counters?password=hush-hush",
        "redis+sentinel://:hush-hush@host:1/counters?sentinel_password",
        "redis+sentinel://:hush-hush@host:1/counters/others",
        "redis+sentinel://:hush-hush@host:1/counters#hush-hush",
        "redis+cluster://:hush-hush@host:1?password=hush-hush",
        "redis+cluster://:hush-hush@host:1#hush-hush",
        "redis+cluster://:hush-hush@host",
        "redis+cluster://:hush-hush@host:1/0",
        "redis+cluster://:hush-hush@host:99999",
        "redis://:hush/hush-hush@host:1",
    ],
)
def test_an_address_of_redis_nobody_can_read_is_refused_by_name_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="AUTH_REDIS_URL: expected redis") as refused:
        open_throttles(url, LIMITS, 1)
    assert "hush" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_counting_in_memory_starts_no_threads_and_forgets_what_is_over_once_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(memory, "monotonic", lambda: now)
    monkeypatch.setattr(time, "time", lambda: now)
    storage = memory.SweptMemory()
    throttles = LimitThrottles(Counters(storage, {RULE: [parse("3/second")]}))
    threads = threading.active_count()
    for number in range(20):
        throttles.take(RULE, f"reader {number}")
    assert threading.active_count() <= threads
    kept = []
    for pause in (59, 1, 59, 1):
        now += pause
        throttles.take(RULE, f"reader at {now}")
        kept.append(len(storage.storage))
    assert kept == [21, 1, 2, 1]


def test_how_much_room_a_rule_has_is_told_of_its_first_window() -> None:
    assert room(OTHER, LIMITS, 1) == 2
    assert room(OTHER, LIMITS, 1.5) == 3
    assert room(Rule.FORGOT_PER_CLIENT, LIMITS, 1) == 10
