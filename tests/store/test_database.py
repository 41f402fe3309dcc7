"""How the databases are opened: durable, patient, private; and which of their errors mean "not now"."""

import sqlite3
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, exc, text

from service.core.errors import Unavailable
from service.core.values import digest
from service.store import database as module
from service.store.database import POOL, database_errors_as_unavailable, is_away, open_engine
from service.store.store import SqlStore
from tests.store.conftest import NOW, a_user


@pytest.mark.case("SEC-04")
def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/var/masthead.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "var").iterdir()}
    engine.dispose()
    assert modes == {"masthead.db": 0o600, "masthead.db-wal": 0o600, "masthead.db-shm": 0o600}


def test_sqlite_is_durable_and_patient(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_postgresql_bounds_every_wait(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    with engine.connect() as connection:
        settings = {
            name: connection.execute(text(f"SHOW {name}")).scalar()
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "timezone",
            )
        }
    engine.dispose()
    assert settings == {
        "statement_timeout": "5s",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "30s",
        "timezone": "UTC",
    }


@pytest.mark.parametrize(
    "url", ["postgresql://h/db", "postgresql+psycopg://h/db", "postgresql+psycopg2://h/db"]
)
def test_every_spelling_of_postgresql_means_one_driver(url: str) -> None:
    assert open_engine(url).url.drivername == "postgresql+psycopg"


@pytest.mark.case("FLT-20")
def test_a_locked_sqlite_is_unavailable_and_works_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT", 0.2)
    store = SqlStore(open_engine(sqlite_url))
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    with pytest.raises(Unavailable), store.write() as uow:
        uow.users.add(a_user())
    assert 0.1 < time.monotonic() - begun < 2
    with store.read() as uow:
        assert uow.users.by_address("reader@example.org") is None
    other.execute("ROLLBACK")
    with store.write() as uow:
        assert uow.users.add(a_user())
    store.engine.dispose()
    other.close()


@pytest.mark.case("FLT-20")
def test_writers_wait_for_each_other(store: SqlStore) -> None:
    user = a_user()
    with store.write() as uow:
        uow.users.add(user)

    def raise_epoch() -> None:
        with store.write() as uow:
            found = uow.users.by_id(user.id)
            assert found is not None
            time.sleep(0.01)
            uow.users.raise_epoch(user.id)

    threads = [threading.Thread(target=raise_epoch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as uow:
        found = uow.users.by_id(user.id)
    assert found is not None
    assert found.credential_epoch == 8


@pytest.mark.case("FLT-21")
@pytest.mark.parametrize(
    ("pragma", "cure"),
    [
        pytest.param("PRAGMA max_page_count=1", "PRAGMA max_page_count=1000000", id="disk full"),
        pytest.param("PRAGMA query_only=1", "PRAGMA query_only=0", id="read-only"),
    ],
)
def test_a_sqlite_that_cannot_write_is_unavailable_and_recovers(
    sqlite_url: str, pragma: str, cure: str
) -> None:
    store = SqlStore(open_engine(sqlite_url))
    chosen = [pragma]

    @event.listens_for(store.engine, "checkout")
    def strike(connection: Any, *_: object) -> None:
        connection.execute(chosen[0])

    def fill() -> None:
        with store.write() as uow:
            for number in range(50):
                uow.users.add(a_user(f"reader{number}@example.org", name="x" * 4000))

    with pytest.raises(Unavailable):
        fill()
    with store.read() as uow:
        assert uow.users.by_address("reader0@example.org") is None
    chosen[0] = cure
    fill()
    with store.engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    store.engine.dispose()


@pytest.mark.case("FLT-19")
def test_an_exhausted_pool_is_unavailable_within_its_patience(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert POOL["pool_timeout"] <= 2
    monkeypatch.setitem(POOL, "pool_timeout", 0.2)
    store = SqlStore(open_engine(database))
    held = [store.engine.connect() for _ in range(POOL["pool_size"] + POOL["max_overflow"])]
    for ask in (store.ping, lambda: store.signed_in(digest("x"), NOW)):
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            ask()
        assert time.monotonic() - begun < 1
    for connection in held:
        connection.close()
    store.ping()
    assert store.signed_in(digest("x"), NOW) is None
    store.engine.dispose()


@pytest.mark.parametrize(
    "url", ["postgresql://masthead@127.0.0.1:9/masthead", "sqlite:////proc/nothing/m.db"]
)
def test_a_database_that_is_not_there_is_unavailable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_own_file", lambda path: None)
    store = SqlStore(open_engine(url))
    for ask in (store.ping, lambda: store.signed_in(digest("x"), NOW)):
        with pytest.raises(Unavailable):
            ask()
    with pytest.raises(Unavailable), store.read():
        pass


@pytest.mark.parametrize(
    ("setting", "statement"),
    [
        pytest.param("SET LOCAL statement_timeout = 50", "SELECT pg_sleep(5)", id="too long"),
        pytest.param("SET LOCAL lock_timeout = 50", "LOCK TABLE audit_events", id="locked by somebody else"),
        pytest.param("SET TRANSACTION READ ONLY", "DELETE FROM users", id="a standby"),
    ],
)
@pytest.mark.case("FLT-17", "FLT-18")
def test_a_postgresql_that_cannot_do_it_now_is_unavailable(
    postgres_url: str, setting: str, statement: str
) -> None:
    engine = open_engine(postgres_url)

    def ask() -> None:
        with database_errors_as_unavailable(), engine.begin() as connection:
            connection.execute(text(setting))
            connection.execute(text(statement))

    with engine.begin() as other:
        other.execute(text("LOCK TABLE audit_events"))
        with pytest.raises(Unavailable):
            ask()
    engine.dispose()


def test_a_mistake_of_ours_is_not_called_unavailable(store: SqlStore) -> None:
    wrong = "SELECT 1/0" if store.engine.dialect.name == "postgresql" else "INSERT INTO users (id) VALUES (1)"
    with pytest.raises(exc.DBAPIError), database_errors_as_unavailable(), store.engine.begin() as connection:
        connection.execute(text(wrong))


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (psycopg.OperationalError(), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.CrashShutdown(), True),
        (psycopg.errors.QueryCanceled(), True),
        (psycopg.errors.ConnectionTimeout(), True),
        (psycopg.InterfaceError(), True),
        (sqlite3.OperationalError(), True),
        (exc.TimeoutError(), True),
        (psycopg.errors.UndefinedTable(), False),
        (sqlite3.IntegrityError(), False),
        (ValueError(), False),
    ],
)
def test_errors_on_a_bare_connection_tell_away_from_wrong(error: Exception, away: bool) -> None:
    assert is_away(error) is away


@pytest.mark.case("FLT-16")
def test_a_kept_connection_that_died_is_replaced(postgres_url: str) -> None:
    store = SqlStore(open_engine(postgres_url))
    assert store.signed_in(digest("x"), NOW) is None
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
    assert store.signed_in(digest("x"), NOW) is None
    with store.write() as uow:
        assert uow.sessions.purge(NOW + timedelta(days=1)) == 0
    store.engine.dispose()
