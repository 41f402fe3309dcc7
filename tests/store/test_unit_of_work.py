"""One transaction: all of it or nothing of it."""

import pytest
from sqlalchemy import text

from service.core.values import Outcome, Priority
from service.store.store import SqlStore
from tests.store.conftest import HOUR, NOW, a_session, a_signup, a_user


def rows(store: SqlStore) -> dict[str, int | None]:
    tables = ("users", "sessions", "pending_signups", "outbox", "audit_events")
    with store.engine.connect() as connection:
        return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in tables}


def write_everywhere(store: SqlStore, *, then: Exception | None = None) -> None:
    user = a_user()
    with store.write() as uow:
        uow.users.add(user)
        uow.sessions.add(*a_session(user))
        uow.signups.add(a_signup())
        uow.outbox.add(
            "letter",
            address=user.email,
            canonical=user.canonical,
            at=NOW,
            expires_in=HOUR,
            priority=Priority.NOTICE,
            outcome=Outcome.THROTTLED,
        )
        uow.audit.record("user.created", at=NOW, user_id=user.id, by="tests")
        if then:
            raise then


def test_leaving_the_block_commits(store: SqlStore) -> None:
    write_everywhere(store)
    assert set(rows(store).values()) == {1}


@pytest.mark.parametrize("error", [ValueError("a flow's refusal"), KeyboardInterrupt()])
def test_an_exception_rolls_everything_back(store: SqlStore, error: BaseException) -> None:
    with pytest.raises(type(error)):
        write_everywhere(store, then=error)  # type: ignore[arg-type]
    assert set(rows(store).values()) == {0}
    write_everywhere(store)


def test_nobody_sees_what_is_not_committed(store: SqlStore) -> None:
    with store.write() as uow:
        uow.users.add(a_user())
        assert rows(store)["users"] == 0
    assert rows(store)["users"] == 1


def test_an_audit_event_keeps_who_what_where_and_when(store: SqlStore) -> None:
    write_everywhere(store)
    with store.engine.connect() as connection:
        event = connection.execute(text("SELECT kind, ip, agent, data FROM audit_events")).one()
    assert (event.kind, event.ip, event.agent) == ("user.created", "", "")
    assert "tests" in str(event.data)
