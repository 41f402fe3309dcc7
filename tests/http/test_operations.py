"""Health: the process answers; ready: it can do its work."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from service.store import database as module
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.service import Service

Make = Callable[..., Service]


def test_a_migrated_service_is_healthy_and_ready(service: Service) -> None:
    client = service.client()
    assert (client.get("/healthz").status_code, client.get("/healthz").json) == (200, {"status": "ok"})
    assert (client.get("/readyz").status_code, client.get("/readyz").json) == (200, {"status": "ready"})


def test_an_empty_database_is_healthy_and_not_ready(make_service: Make, tmp_path: Path) -> None:
    client = make_service(f"sqlite:///{tmp_path}/empty.db").client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


def test_an_older_schema_is_not_ready(service: Service) -> None:
    with service.parts.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert service.client().get("/readyz").status_code == 503


@pytest.mark.case("FLT-16")
def test_a_database_that_is_away_is_not_ready_and_comes_back(
    make_service: Make, postgres: PostgresServer, postgres_url: str
) -> None:
    service = make_service(postgres_url)
    client = service.client()
    assert client.get("/readyz").status_code == 200
    postgres.stop()
    try:
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        client.inner.set_cookie("masthead", "something")
        for answer in (
            client.get("/api/v1/session"),
            client.post("/api/v1/login", {"email": "a@example.org", "password": "x"}),
            client.post("/api/v1/password/forgot", {"email": "a@example.org"}),
        ):
            assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
        page = client.get("/account")
        assert page.status_code == 503
        assert "Try again" in page.text
    finally:
        postgres.start()
    assert client.get("/readyz").status_code == 200
    assert client.post("/api/v1/password/forgot", {"email": "a@example.org"}).status_code == 202


@pytest.mark.case("FLT-20", "FLT-21")
def test_a_database_that_cannot_be_written_answers_503_to_changes_only(
    make_service: Make, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT", 0.2)
    client = make_service(sqlite_url).client()
    writer = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    answer = client.post("/api/v1/password/forgot", {"email": "a@example.org"})
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert client.get("/readyz").status_code == 200
    assert client.get("/api/v1/session").status_code == 401
    page = client.form("/forgot-password", email="a@example.org")
    assert page.status_code == 503
    assert "Retry-After" in page.headers
    writer.execute("ROLLBACK")
    writer.close()
    assert client.post("/api/v1/password/forgot", {"email": "a@example.org"}).status_code == 202


@pytest.mark.case("FLT-25")
def test_without_redis_readers_go_on_and_readiness_says_so(
    make_service: Make, sqlite_url: str, redis_server: RedisServer, redis_url: str
) -> None:
    client = make_service(sqlite_url, redis_url=redis_url).client()
    assert client.get("/readyz").status_code == 200
    redis_server.stop()
    try:
        assert client.get("/readyz").status_code == 503
        assert client.post("/api/v1/password/forgot", {"email": "a@example.org"}).status_code == 202
        login = client.post("/api/v1/login", {"email": "a@example.org", "password": "x"})
        assert (login.status_code, login.json["code"]) == (401, "invalid_credentials")
    finally:
        redis_server.start()
    assert client.get("/readyz").status_code == 200
