"""Redis as `AUTH_REDIS_URL` describes it: one server, servers watched by Sentinels, or a cluster."""

from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from limits.errors import ConfigurationError
from limits.storage import RedisClusterStorage, RedisSentinelStorage, RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry

# A counter is asked on every sign-in: a Redis that does not answer at once is left alone for a while.
PATIENCE: dict[str, Any] = {
    "socket_connect_timeout": 0.2,
    "socket_timeout": 0.2,
    "retry": Retry(NoBackoff(), 0),
}
AWAY_ERRORS = (RedisError, RedisClusterException)
SENTINEL_PASSWORD = "sentinel_password"
EXPECTED = (
    "AUTH_REDIS_URL: expected redis://:password@host:port/0, redis+sentinel://:password@host:port,host:port/name"
    " or redis+cluster://:password@host:port,host:port, rediss… for TLS (write / ? # @ : , in a password as %XX)"
)


def redis_at(url: str) -> Callable[[], Storage]:
    """Return what opens the storage. Connects to nothing. Raises `ValueError` that names the setting."""
    try:
        parts = urlsplit(url)
        match parts.scheme.partition("+"):
            case ("redis" | "rediss", "", ""):
                storage = RedisStorage(url, **PATIENCE)
                return lambda: storage
            case ("redis" | "rediss", "+", "sentinel"):
                return _sentinel(parts)
            case ("redis" | "rediss", "+", "cluster"):
                return _cluster(parts)
    except (ValueError, ConfigurationError):
        pass  # what they say may hold the password
    raise ValueError(EXPECTED) from None


def _sentinel(parts: SplitResult) -> Callable[[], Storage]:
    """The last part of the path is the name the Sentinels watch; their own password may differ, or be empty."""
    name = parts.path.strip("/")
    options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    if not name or "/" in name or parts.fragment or not set(options) <= {SENTINEL_PASSWORD}:
        raise ValueError
    servers = _options(parts)
    watchers = dict(servers)
    if SENTINEL_PASSWORD in options:
        watchers |= {"username": None, "password": options[SENTINEL_PASSWORD][-1] or None}
    uri = f"redis+sentinel://{_hosts(parts)}/{name}"
    # replicas lag behind: what is counted is read where it is written
    return lambda: RedisSentinelStorage(uri, use_replicas=False, sentinel_kwargs=watchers, **servers)


def _cluster(parts: SplitResult) -> Callable[[], Storage]:
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError
    uri, options = f"redis+cluster://{_hosts(parts)}", _options(parts)
    return lambda: RedisClusterStorage(uri, **options)


def _options(parts: SplitResult) -> dict[str, Any]:
    username, password = (
        unquote(text) or None if text else None for text in (parts.username, parts.password)
    )
    return PATIENCE | {"username": username, "password": password, "ssl": parts.scheme.startswith("rediss")}


def _hosts(parts: SplitResult) -> str:
    """Return host:port,host:port. Raises `ValueError` unless each has both."""
    hosts = parts.netloc.rpartition("@")[2].split(",")
    for host in hosts:
        one = urlsplit(f"//{host}")
        if not one.hostname or not one.port:
            raise ValueError
    return ",".join(hosts)
