"""Connections for look-ups: a few, opened when needed, replaced when they are cut, never one for every thread."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import Connection, text

from service.core.errors import Unavailable
from service.core.values import digest
from service.store import kept_connections
from service.store.database import SILENCE, open_engine
from service.store.kept_connections import LONGEST_WAIT, MOST
from service.store.store import SqlStore
from tests.store.conftest import NOW, a_session, a_user

CROWD = 3 * MOST
NOBODY = digest("nobody")


@pytest.fixture
def elsewhere(postgres_url: str) -> Iterator[Connection]:
    """Somebody else at the same PostgreSQL database."""
    engine = open_engine(postgres_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def on_postgres(postgres_url: str) -> Iterator[SqlStore]:
    engine = open_engine(postgres_url)
    yield SqlStore(engine)
    engine.dispose()


def connections(elsewhere: Connection) -> int:
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return int(elsewhere.execute(others).scalar_one())


@pytest.mark.case("FLT-18")
def test_a_database_that_stalls_is_not_given_a_connection_by_every_thread(
    on_postgres: SqlStore, elsewhere: Connection
) -> None:
    elsewhere.execute(text("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE"))
    most = 0
    with ThreadPoolExecutor(CROWD) as crowd:
        looks = [crowd.submit(on_postgres.signed_in, NOBODY, NOW) for _ in range(CROWD)]
        while wait(looks, timeout=0.05).not_done:
            most = max(most, connections(elsewhere))
    assert 1 <= most <= MOST < CROWD  # on a slow machine the first are given up before the last are open
    assert all(isinstance(look.exception(), Unavailable) for look in looks)
    elsewhere.rollback()
    assert on_postgres.signed_in(NOBODY, NOW) is None


def test_who_finds_none_free_waits_for_the_next(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_connections, "MOST", 2)
    store, user = SqlStore(store.engine), a_user()
    session, secret_hash = a_session(user)
    with store.write() as uow:
        assert uow.users.add(user)
        uow.sessions.add(session, secret_hash)
    with ThreadPoolExecutor(CROWD) as crowd:
        found = set(crowd.map(lambda _: store.signed_in(secret_hash, NOW), range(20 * CROWD)))
    assert found == {(user, session)}


def test_cut_connections_are_replaced_and_leave_their_places(
    on_postgres: SqlStore, elsewhere: Connection
) -> None:
    cut = text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for _ in range(MOST + 1):
        assert on_postgres.signed_in(NOBODY, NOW) is None
        assert connections(elsewhere) == 1
        elsewhere.execute(cut)
        elsewhere.rollback()


def test_who_comes_after_one_that_waited_for_nothing_does_not_wait(on_postgres: SqlStore) -> None:
    """A request asks more than once; together it is answered before its reader has gone."""
    free, look_ups = deque[object](), on_postgres._sessions._connections
    free, look_ups._free = look_ups._free, free
    with pytest.raises(Unavailable):
        on_postgres.signed_in(NOBODY, NOW)
    begun = monotonic()
    with pytest.raises(Unavailable):
        on_postgres.signed_in(NOBODY, NOW)
    assert monotonic() - begun < LONGEST_WAIT / 2
    look_ups._free = free
    assert on_postgres.signed_in(NOBODY, NOW) is None


def test_a_statement_prepared_before_a_migration_is_prepared_again(
    on_postgres: SqlStore, elsewhere: Connection
) -> None:
    for _ in range(10):  # psycopg prepares what it has run five times
        assert on_postgres.signed_in(NOBODY, NOW) is None
    elsewhere.execute(text("ALTER TABLE sessions ALTER COLUMN agent TYPE varchar(1000)"))
    elsewhere.commit()
    try:
        assert on_postgres.signed_in(NOBODY, NOW) is None
    finally:
        elsewhere.execute(text("ALTER TABLE sessions ALTER COLUMN agent TYPE varchar"))
        elsewhere.commit()


def test_a_connection_that_dies_without_a_word_is_given_up(on_postgres: SqlStore) -> None:
    """What libpq is told; cutting the wire takes more rights than a test has."""
    with on_postgres.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        told = driver.info.get_parameters()
    assert {name: int(told[name]) for name in SILENCE} == SILENCE
