"""What ends with a session: all that was granted in it. Clients that want to hear of it get an errand, in the same
commit.

This stands where sessions are deleted, so that no story that ends one can forget it.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, update

from service.core.openid import BACKCHANNEL_LOGOUT
from service.core.values import Priority, Session
from service.store.outbox import OutboxRepository
from service.store.schema import SessionRow
from service.store.schema_openid import ClientRow, GrantRow

PATIENCE = timedelta(hours=1)  # for how long a client that is away is told


def end_grants(connection: Connection, which: ColumnElement[bool]) -> None:
    """End grants, and put a word to each client that asked for it into the outbox."""
    told = (
        select(GrantRow.id, GrantRow.client_id, GrantRow.user_id)
        .join(ClientRow, ClientRow.id == GrantRow.client_id)
        .where(which, GrantRow.redeemed_at.is_not(None))
        .where(ClientRow.backchannel_logout_uri.is_not(None), ClientRow.disabled_at.is_(None))
    )
    outbox, now = OutboxRepository(connection), datetime.now(UTC)
    for grant_id, client_id, user_id in connection.execute(told).all():
        outbox.add(
            BACKCHANNEL_LOGOUT,
            address="",
            canonical="",
            at=now,
            expires_in=PATIENCE,
            priority=Priority.NOTICE,
            context={"client": client_id, "subject": str(user_id), "grant": str(grant_id)},
        )
    connection.execute(delete(GrantRow).where(which))


def hand_over_grants(connection: Connection, secret_hash: bytes, to: Session) -> None:
    """Let what was granted in a browser's earlier session go on in its new one, when that is the same reader's."""
    earlier = (
        select(SessionRow.id)
        .where(SessionRow.secret_hash == secret_hash, SessionRow.user_id == to.user_id)
        .scalar_subquery()
    )
    moved = update(GrantRow).where(GrantRow.session_id == earlier, GrantRow.epoch == to.epoch)
    connection.execute(moved.values(session_id=to.id))


def let_go_of_grants(connection: Connection, sessions: ColumnElement[bool]) -> None:
    """Sessions run out by themselves: what was granted in them lives on within its own limits."""
    over = select(SessionRow.id).where(sessions)
    connection.execute(update(GrantRow).where(GrantRow.session_id.in_(over)).values(session_id=None))
