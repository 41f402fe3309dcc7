"""Statements written out once say and read the same as SQLAlchemy's own way of running them."""

from datetime import timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import bindparam, event, insert, select, update

from service.core.errors import Unavailable
from service.core.values import digest, new_id
from service.store.schema import AuditRow, GuessRow, SessionRow, UserRow
from service.store.store import SqlStore
from service.store.written import Written
from tests.store.conftest import HOUR, NOW, a_session, a_user

ADD_EVENT = Written(insert(AuditRow))
COUNT = Written(
    lambda insert: (
        insert(GuessRow)
        .on_conflict_do_update(
            index_elements=["address_hash", "device_hash"], set_={"failures": GuessRow.failures + 1}
        )
        .returning(GuessRow.failures, GuessRow.next_at)
    )
)


def test_values_of_every_type_come_back_as_they_went_in(store: SqlStore) -> None:
    user = a_user(roles=("reader", "editor"), email_verified_at=NOW)
    session, secret_hash = a_session(user)
    columns = (
        SessionRow.id,
        SessionRow.secret_hash,
        SessionRow.amr,
        SessionRow.remember,
        SessionRow.created_at,
    )
    stored = select(*columns).where(SessionRow.id == bindparam("session"))
    with store.write() as uow:
        uow.users.add(user)
        uow.sessions.add(session, secret_hash)
        ours = Written(stored).one(uow._connection, session=session.id)
        theirs = uow._connection.execute(stored, {"session": session.id}).one()
    assert ours is not None
    assert tuple(ours) == tuple(theirs) == (session.id, secret_hash, session.amr, True, NOW)


def test_an_instant_of_any_zone_is_the_same_instant(store: SqlStore) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    values = {"kind": "x", "user_id": None, "ip": "", "agent": "", "data": {"n": [1, None]}}
    with store.write() as uow:
        ADD_EVENT.run(uow._connection, id=new_id(), at=elsewhere, **values)
        row = uow._connection.execute(select(AuditRow.at, AuditRow.data)).one()
    assert (row.at, row.data) == (NOW, {"n": [1, None]})


def test_constants_of_a_statement_need_not_be_named(store: SqlStore) -> None:
    user = a_user(disabled_at=None)
    open_again = Written(
        update(UserRow).where(UserRow.id == bindparam("user")).values(roles=("staff",), disabled_at=None)
    )
    with store.write() as uow:
        uow.users.add(user)
        assert open_again.run(uow._connection, user=user.id) == 1
        assert open_again.run(uow._connection, user=new_id()) == 0
        found = uow.users.by_id(user.id)
    assert found is not None
    assert found.roles == ("staff",)


def test_an_upsert_is_spelled_for_each_database(store: SqlStore) -> None:
    row = {"address_hash": digest("a"), "device_hash": b"", "failures": 1, "next_at": NOW}
    with store.write() as uow:
        for failures in (1, 2, 3):
            counted = COUNT.one(uow._connection, **row, expires_at=NOW + HOUR)
            assert counted is not None
            assert tuple(counted) == (failures, NOW)


def test_all_rows_come_in_their_order(store: SqlStore) -> None:
    users = [a_user(f"reader-{number}@example.org") for number in range(3)]
    addresses = Written(select(UserRow.email).order_by(UserRow.email.desc()))
    with store.write() as uow:
        for user in users:
            uow.users.add(user)
        assert [row[0] for row in addresses.all(uow._connection)] == [user.email for user in reversed(users)]


def test_who_listens_to_statements_hears_of_these_too(store: SqlStore) -> None:
    heard: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda _c, _u, sql, *_: heard.append(sql))
    with store.read() as uow:
        assert uow.users.by_address("nobody@example.org") is None
    assert any("FROM users" in sql for sql in heard)


def test_a_driver_that_loses_its_database_makes_the_store_unavailable(store: SqlStore) -> None:
    with pytest.raises(Unavailable):
        look_after_the_connection_broke(store)
    store.engine.dispose()
    with store.read() as uow:
        assert uow.users.by_address("nobody@example.org") is None


def look_after_the_connection_broke(store: SqlStore) -> None:
    with store.write() as uow:
        driver: Any = uow._connection.connection.dbapi_connection
        if store.engine.dialect.name == "sqlite":
            driver.set_progress_handler(lambda: 1, 1)
        else:
            with store.engine.connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({driver.info.backend_pid})")
        uow.users.by_address("nobody@example.org")
