"""Sessions: rows under the SHA-256 of what the cookie carries.

Other services are told here, where sessions begin and end, so that no story can forget it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from service.core.values import Session
from service.core.webhooks import WebhookType
from service.store.announcements import Announcements
from service.store.schema import SessionRow, UserRow
from service.store.schema_openid import GrantRow
from service.store.session_endings import end_grants, hand_over_grants, let_go_of_grants
from service.store.written import Written

# in the order of the fields of `Session`
SESSION_COLUMNS = (
    SessionRow.id,
    SessionRow.user_id,
    SessionRow.created_at,
    SessionRow.last_seen_at,
    SessionRow.expires_at,
    SessionRow.idle_until,
    SessionRow.auth_time,
    SessionRow.amr,
    SessionRow.epoch,
    SessionRow.remember,
    SessionRow.ip,
    SessionRow.agent,
)


def alive(now: Any) -> tuple[ColumnElement[bool], ...]:
    """What a session needs to be good: time left, its account's present epoch, an open account."""
    return (
        SessionRow.idle_until > now,
        SessionRow.epoch == UserRow.credential_epoch,
        UserRow.disabled_at.is_(None),
    )


ADD = Written(insert(SessionRow))


class SessionRepository:
    """The signed-in browsers, in one transaction."""

    def __init__(self, connection: Connection, announcements: Announcements) -> None:
        self._connection = connection
        self._announcements = announcements

    def add(self, session: Session, secret_hash: bytes) -> None:
        ADD.run(self._connection, **vars(session), secret_hash=secret_hash)
        self._announcements.note(
            WebhookType.SESSION_CREATED,
            session.user_id,
            at=session.created_at,
            session_id=str(session.id),
            amr=list(session.amr),
        )

    def of(self, user_id: UUID, now: datetime) -> Sequence[Session]:
        rows = self._connection.execute(
            select(*SESSION_COLUMNS)
            .join(UserRow, UserRow.id == SessionRow.user_id)
            .where(SessionRow.user_id == user_id, *alive(now))
            .order_by(SessionRow.last_seen_at.desc(), SessionRow.id.desc())
        )
        return [Session(*row) for row in rows]

    def touch(self, session_id: UUID, *, seen_at: datetime, idle_until: datetime, ip: str) -> None:
        self._connection.execute(
            update(SessionRow)
            .where(SessionRow.id == session_id)
            .values(last_seen_at=seen_at, idle_until=idle_until, ip=ip)
        )

    def end(self, session_id: UUID, *, user_id: UUID) -> bool:
        result = self._connection.execute(
            delete(SessionRow).where(SessionRow.id == session_id, SessionRow.user_id == user_id)
        )
        if result.rowcount != 1:
            return False
        end_grants(self._connection, GrantRow.session_id == session_id)
        self._tell_of_the_end(user_id, session_id)
        return True

    def end_by_hash(self, secret_hash: bytes) -> Session | None:
        row = self._connection.execute(
            delete(SessionRow).where(SessionRow.secret_hash == secret_hash).returning(*SESSION_COLUMNS)
        ).one_or_none()
        if row is None:
            return None
        session = Session(*tuple(row))
        end_grants(self._connection, GrantRow.session_id == session.id)
        self._tell_of_the_end(session.user_id, session.id)
        return session

    def hand_over(self, secret_hash: bytes, *, to: Session) -> None:
        hand_over_grants(self._connection, secret_hash, to)
        self.end_by_hash(secret_hash)

    def end_all(self, user_id: UUID, *, but: UUID | None = None) -> int:
        sessions, grants = SessionRow.user_id == user_id, GrantRow.user_id == user_id
        if but is not None:
            sessions = sessions & (SessionRow.id != but)
            grants = grants & or_(GrantRow.session_id.is_(None), GrantRow.session_id != but)
        return self._end(sessions, grants)

    def end_all_of(self, user_ids: Sequence[UUID]) -> None:
        self._end(SessionRow.user_id.in_(user_ids), GrantRow.user_id.in_(user_ids))

    def renew(self, session_id: UUID, *, epoch: int, secret_hash: bytes) -> None:
        renewed = update(SessionRow).values(epoch=epoch, secret_hash=secret_hash)
        self._connection.execute(renewed.where(SessionRow.id == session_id))
        granted = update(GrantRow).where(GrantRow.session_id == session_id)
        self._connection.execute(granted.values(epoch=epoch))

    def purge(self, now: datetime) -> int:
        over = SessionRow.idle_until <= now
        let_go_of_grants(self._connection, over)
        return self._connection.execute(delete(SessionRow).where(over)).rowcount

    def _end(self, sessions: ColumnElement[bool], grants: ColumnElement[bool]) -> int:
        end_grants(self._connection, grants)
        gone = delete(SessionRow).where(sessions).returning(SessionRow.user_id, SessionRow.id)
        ended = self._connection.execute(gone).all()
        for user_id, session_id in ended:
            self._tell_of_the_end(user_id, session_id)
        return len(ended)

    def _tell_of_the_end(self, user_id: UUID, session_id: UUID) -> None:
        self._announcements.note(WebhookType.SESSION_REVOKED, user_id, session_id=str(session_id))
