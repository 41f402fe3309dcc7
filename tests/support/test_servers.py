"""The database servers of the tests start, crash and come back."""

import signal

import psycopg
import pytest
import redis

from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer


def test_postgresql_survives_a_crash_on_the_same_port(postgres: PostgresServer) -> None:
    name = postgres.new_database()
    postgres.stop(signal.SIGQUIT)
    with pytest.raises(psycopg.OperationalError):
        postgres.execute("SELECT 1")
    postgres.start()
    assert postgres.new_database(name) != name


def test_redis_comes_back_empty(redis_server: RedisServer, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        connection.set("a", "b")
        redis_server.stop()
        redis_server.start()
        assert connection.get("a") is None
