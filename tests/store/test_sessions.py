"""Sessions: found by the hash of their secret, gone when they or their account's epoch say so."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from service.core.values import Session, User, digest, new_id
from service.store.store import SqlStore
from service.store.unit_of_work import SqlUnitOfWork
from tests.store.conftest import HOUR, NOW, a_session, a_signup, a_user

SECOND = timedelta(seconds=1)


@pytest.fixture
def user(store: SqlStore) -> User:
    added = a_user(email_verified_at=NOW, roles=("editor",))
    with store.write() as uow:
        assert uow.users.add(added)
    return added


def begin(store: SqlStore, user: User, secret: str = "secret", **details: object) -> Session:
    session, secret_hash = a_session(user, secret, **details)
    with store.write() as uow:
        uow.sessions.add(session, secret_hash)
    return session


def test_a_session_is_found_with_its_account(store: SqlStore, user: User) -> None:
    session = begin(store, user)
    assert store.signed_in(digest("secret"), NOW) == (user, session)
    assert store.signed_in(digest("other"), NOW) is None
    with store.read() as uow:
        assert list(uow.sessions.of(user.id, NOW)) == [session]


def test_the_database_holds_no_secret(store: SqlStore, user: User) -> None:
    session = begin(store, user, "the-cookie's-secret")
    assert "the-cookie's-secret" not in str(vars(session))
    with store.engine.connect() as connection:
        dumped = str(connection.exec_driver_sql("SELECT * FROM sessions").all())
    assert "the-cookie's-secret" not in dumped


@pytest.mark.parametrize(("age", "alive"), [(HOUR - SECOND, True), (HOUR, False), (HOUR + SECOND, False)])
def test_an_idle_session_ends_to_the_second(store: SqlStore, user: User, age: timedelta, alive: bool) -> None:
    begin(store, user)
    assert (store.signed_in(digest("secret"), NOW + age) is not None) is alive
    with store.read() as uow:
        assert bool(uow.sessions.of(user.id, NOW + age)) is alive


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda uow, user: uow.users.raise_epoch(user.id), id="epoch"),
        pytest.param(lambda uow, user: uow.users.set_disabled(user.id, NOW), id="disabled"),
        pytest.param(
            lambda uow, user: uow.users.set_password(user.id, "x", if_epoch=0, at=NOW), id="password"
        ),
        pytest.param(lambda uow, user: uow.sessions.end_all(user.id), id="ended"),
        pytest.param(lambda uow, user: uow.sessions.end_by_hash(digest("secret")), id="signed out"),
    ],
)
def test_a_session_is_gone_at_the_next_look_after(
    store: SqlStore, user: User, change: Callable[[SqlUnitOfWork, User], object]
) -> None:
    begin(store, user)
    assert store.signed_in(digest("secret"), NOW)
    with store.write() as uow:
        assert change(uow, user)
    assert store.signed_in(digest("secret"), NOW) is None
    with store.read() as uow:
        assert list(uow.sessions.of(user.id, NOW)) == []


def test_one_session_can_be_carried_over_under_a_new_secret(store: SqlStore, user: User) -> None:
    here, elsewhere = begin(store, user, "here"), begin(store, user, "elsewhere")
    with store.write() as uow:
        epoch = uow.users.raise_epoch(user.id)
        assert uow.sessions.end_all(user.id, but=here.id) == 1
        assert epoch is not None
        uow.sessions.renew(here.id, epoch=epoch, secret_hash=digest("renewed"))
    found = store.signed_in(digest("renewed"), NOW)
    assert found is not None
    assert found[1].id == here.id
    assert store.signed_in(digest("here"), NOW) is None
    assert store.signed_in(digest("elsewhere"), NOW) is None
    assert elsewhere.id != here.id


def test_nobody_ends_the_session_of_somebody_else(store: SqlStore, user: User) -> None:
    session = begin(store, user)
    with store.write() as uow:
        assert uow.sessions.end(session.id, user_id=new_id()) is False
        assert uow.sessions.end(session.id, user_id=user.id) is True
        assert uow.sessions.end(session.id, user_id=user.id) is False


def test_a_session_is_ended_by_its_secret_once(store: SqlStore, user: User) -> None:
    session = begin(store, user)
    with store.write() as uow:
        assert uow.sessions.end_by_hash(digest("secret")) == session
        assert uow.sessions.end_by_hash(digest("secret")) is None


def test_devices_are_listed_last_used_first(store: SqlStore, user: User) -> None:
    older, newer = begin(store, user, "older"), begin(store, user, "newer")
    with store.write() as uow:
        uow.sessions.touch(older.id, seen_at=NOW + SECOND, idle_until=NOW + HOUR, ip="2001:db8::1")
    with store.read() as uow:
        listed = list(uow.sessions.of(user.id, NOW))
    assert [session.id for session in listed] == [older.id, newer.id]
    assert listed[0].ip == "2001:db8::1"


def test_what_is_over_is_swept_away(store: SqlStore, user: User) -> None:
    begin(store, user, "over", idle_until=NOW)
    kept = begin(store, user, "alive")
    with store.write() as uow:
        uow.signups.add(a_signup(expires_at=NOW))
        uow.signups.add(a_signup(expires_at=NOW + SECOND))
        assert uow.sessions.purge(NOW) == 1
        assert uow.signups.purge(NOW) == 1
        assert list(uow.sessions.of(user.id, NOW)) == [kept]


def test_a_signup_is_taken_once_and_its_rivals_go_with_it(store: SqlStore) -> None:
    one, rival, bystander = a_signup(name="Ada"), a_signup(), a_signup("else@example.org")
    with store.write() as uow:
        for signup in (one, rival, bystander):
            uow.signups.add(signup)
    with store.write() as uow:
        assert uow.signups.get(one.id) == one
        assert uow.signups.take(one) is True
        assert uow.signups.take(one) is False
        assert uow.signups.take(rival) is False
        assert uow.signups.get(bystander.id) == bystander
        uow.signups.discard(bystander.canonical)
        assert uow.signups.get(bystander.id) is None
