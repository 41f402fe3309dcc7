"""Sessions: found by the hash of their secret, gone when they or their account's epoch say so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from service.core.openid import Grant
from service.core.values import Session, User, digest, new_id
from service.core.webhooks import Webhook
from service.store.schema_openid import GrantRow
from service.store.schema_webhooks import WebhookEventRow
from service.store.store import SqlStore
from service.store.unit_of_work import SqlUnitOfWork
from tests.store.conftest import HOUR, NOW, a_session, a_signup, a_user
from tests.store.grants import a_client, a_grant

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
    assert (store.session_check(digest("secret"), NOW + age) is not None) is alive
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
    looks = (store.signed_in, store.session_check)
    assert all(look(digest("secret"), NOW) for look in looks)
    with store.write() as uow:
        assert change(uow, user)
    assert [look(digest("secret"), NOW) for look in looks] == [None, None]
    with store.read() as uow:
        assert list(uow.sessions.of(user.id, NOW)) == []


@pytest.mark.parametrize(("disabled", "ahead"), [(True, 0), (False, 1), (False, -1)])
def test_a_session_needs_an_open_account_and_exactly_its_epoch(
    store: SqlStore, user: User, disabled: bool, ahead: int
) -> None:
    with store.write() as uow:
        assert uow.users.set_disabled(user.id, NOW) if disabled else uow.users.raise_epoch(user.id)
        found = uow.users.by_id(user.id)
    assert found is not None
    begin(store, user, epoch=found.credential_epoch + ahead)
    assert store.signed_in(digest("secret"), NOW) is None
    assert store.session_check(digest("secret"), NOW) is None
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
    with store.read() as uow:
        assert [session.id for session in uow.sessions.of(user.id, NOW)] == [newer.id, older.id]
    with store.write() as uow:
        uow.sessions.touch(older.id, seen_at=NOW + SECOND, idle_until=NOW + HOUR, ip="2001:db8::1")
    with store.read() as uow:
        listed = list(uow.sessions.of(user.id, NOW))
    assert [session.id for session in listed] == [older.id, newer.id]
    assert listed[0].ip == "2001:db8::1"


def another_user(store: SqlStore) -> User:
    added = a_user("other@example.org")
    with store.write() as uow:
        assert uow.users.add(added)
    return added


def grant(store: SqlStore, *sessions: Session) -> list[Grant]:
    """Grant something in each session, to a client of its own."""
    granted = []
    with store.write() as uow:
        for session in sessions:
            client = a_client(session.id.hex)
            uow.clients.add(client)
            granted.append(a_grant(session, client, session.id.hex))
            uow.grants.add(granted[-1])
    return granted


def grants(store: SqlStore) -> dict[UUID, tuple[UUID | None, int]]:
    """The grants there are, each with its session and epoch."""
    with store.engine.connect() as connection:
        rows = connection.execute(select(GrantRow.id, GrantRow.session_id, GrantRow.epoch))
        return {grant_id: (session_id, epoch) for grant_id, session_id, epoch in rows}


@pytest.mark.case("OPV-25")
@pytest.mark.parametrize(
    ("end", "left"),
    [
        pytest.param(lambda uow, user, here: uow.sessions.end(here.id, user_id=user.id), {1, 2, 3}, id="one"),
        pytest.param(
            lambda uow, user, here: uow.sessions.end(here.id, user_id=new_id()), {0, 1, 2, 3}, id="not"
        ),
        pytest.param(
            lambda uow, user, here: uow.sessions.end_by_hash(digest("here")), {1, 2, 3}, id="secret"
        ),
        pytest.param(
            lambda uow, user, here: uow.sessions.end_by_hash(digest("x")), {0, 1, 2, 3}, id="no secret"
        ),
        pytest.param(lambda uow, user, here: uow.sessions.end_all(user.id), {3}, id="all"),
        pytest.param(lambda uow, user, here: uow.sessions.end_all(user.id, but=here.id), {0, 3}, id="others"),
    ],
)
def test_what_was_granted_in_a_session_ends_with_it_and_nothing_else(
    store: SqlStore,
    user: User,
    end: Callable[[SqlUnitOfWork, User, Session], object],
    left: set[int],
) -> None:
    here, elsewhere, over = (begin(store, user, secret) for secret in ("here", "elsewhere", "over"))
    granted = grant(store, here, elsewhere, over, begin(store, another_user(store), "other's"))
    with store.write() as uow:
        uow.sessions.touch(over.id, seen_at=NOW, idle_until=NOW, ip="")
        assert uow.sessions.purge(NOW) == 1  # its grant lives on without it
    assert grants(store)[granted[2].id] == (None, 0)
    with store.write() as uow:
        end(uow, user, here)
    assert set(grants(store)) == {granted[number].id for number in left}


@pytest.mark.case("OPV-25")
def test_what_was_granted_in_the_session_that_stays_rises_to_its_epoch(store: SqlStore, user: User) -> None:
    here, elsewhere = begin(store, user, "here"), begin(store, user, "elsewhere")
    granted = grant(store, here, elsewhere)
    with store.write() as uow:
        uow.sessions.renew(here.id, epoch=7, secret_hash=digest("renewed"))
    assert grants(store) == {granted[0].id: (here.id, 7), granted[1].id: (elsewhere.id, 0)}
    with store.write() as uow:
        renewed = uow.sessions.end_by_hash(digest("renewed"))
        untouched = uow.sessions.end_by_hash(digest("elsewhere"))
    assert (renewed, untouched) == (replace(here, epoch=7), elsewhere)


def test_the_session_before_hands_its_grants_over_to_the_same_reader_only(
    store: SqlStore, user: User
) -> None:
    mine, others = begin(store, user, "mine"), begin(store, another_user(store), "other's")
    granted, _ = grant(store, mine, others)
    next_one = begin(store, user, "next")
    with store.write() as uow:
        uow.sessions.hand_over(digest("mine"), to=next_one)
        uow.sessions.hand_over(digest("other's"), to=next_one)
    assert grants(store) == {granted.id: (next_one.id, 0)}
    with store.read() as uow:
        assert [session.id for session in uow.sessions.of(user.id, NOW)] == [next_one.id]
    assert store.signed_in(digest("other's"), NOW) is None


def test_other_services_hear_of_every_session_that_begins_and_of_each_that_is_ended(
    store: SqlStore, user: User
) -> None:
    with store.write() as uow:
        uow.webhooks.add(Webhook(new_id(), "https://news.example.org/hook", (), "locked", NOW))
    sessions = [begin(store, user, secret, created_at=NOW - HOUR) for secret in ("a", "b", "c", "d")]
    with store.write() as uow:
        uow.sessions.end(sessions[0].id, user_id=user.id)
        uow.sessions.end(sessions[0].id, user_id=user.id)
        uow.sessions.end_by_hash(digest("b"))
        uow.sessions.end_by_hash(digest("b"))
        uow.sessions.end_all(user.id, but=sessions[2].id)
    with store.engine.connect() as connection:
        told = connection.execute(select(WebhookEventRow.__table__).order_by(WebhookEventRow.turn)).all()
    about = {"user_id": str(user.id)}
    assert [(event.type, event.data) for event in told] == [
        *(
            ("session.created", about | {"session_id": str(one.id), "amr": ["pwd", "email"]})
            for one in sessions
        ),
        *(("session.revoked", about | {"session_id": str(sessions[number].id)}) for number in (0, 1, 3)),
    ]
    assert {event.user_id for event in told} == {user.id}
    assert {event.at for event in told[:4]} == {NOW - HOUR}


def test_using_a_session_moves_what_is_known_of_it_and_of_no_other(store: SqlStore, user: User) -> None:
    here, elsewhere = begin(store, user, "here"), begin(store, user, "elsewhere")
    seen, idle_until = NOW + SECOND, NOW + HOUR + SECOND
    with store.write() as uow:
        uow.sessions.touch(here.id, seen_at=seen, idle_until=idle_until, ip="2001:db8::1")
        listed = list(uow.sessions.of(user.id, NOW))
    touched = replace(here, last_seen_at=seen, idle_until=idle_until, ip="2001:db8::1")
    assert listed == [touched, elsewhere]


def test_a_list_of_sessions_is_one_account_s(store: SqlStore, user: User) -> None:
    mine, theirs = begin(store, user, "mine"), begin(store, another_user(store), "theirs")
    with store.read() as uow:
        assert list(uow.sessions.of(user.id, NOW)) == [mine]
        assert list(uow.sessions.of(theirs.user_id, NOW)) == [theirs]
        assert list(uow.sessions.of(new_id(), NOW)) == []


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
