"""Who is behind a cookie: the one question other services ask on every page view."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from service.core.session_check import CheckedSession, CheckedUser, SessionCheck
from service.core.values import Session, User
from service.store.kept_connections import KeptConnections
from service.store.schema import SessionRow, UserRow
from service.store.sessions import SESSION_COLUMNS, alive
from service.store.users import PROVIDERS, USER_COLUMNS
from service.store.written import Written

# in the order of the fields of `CheckedUser` and `CheckedSession`
CHECKED_USER = (
    *(UserRow.id, UserRow.email, UserRow.email_verified_at.is_not(None).label("email_verified")),
    *(UserRow.name, UserRow.locale, UserRow.roles),
    *(UserRow.password_hash.is_not(None).label("has_password"), PROVIDERS, UserRow.created_at),
)
CHECKED_SESSION = (
    *(SessionRow.id, SessionRow.created_at, SessionRow.expires_at),
    *(SessionRow.auth_time, SessionRow.amr, SessionRow.last_seen_at),
)


def _looked_up(*columns: Any) -> Written:
    return Written(
        select(*columns)
        .join_from(SessionRow, UserRow, UserRow.id == SessionRow.user_id)
        .where(SessionRow.secret_hash == bindparam("secret_hash"), *alive(bindparam("now")))
    )


SIGNED_IN = _looked_up(*USER_COLUMNS, *SESSION_COLUMNS)
CHECKED = _looked_up(*CHECKED_USER, *CHECKED_SESSION)


class SessionLookup:
    """Look sessions up, with their accounts. Both raise `Unavailable` when the database is away."""

    def __init__(self, connections: KeptConnections) -> None:
        self._connections = connections

    def find(self, secret_hash: bytes, now: datetime) -> tuple[User, Session] | None:
        """Return the live session with its account."""
        values = self._connections.one(SIGNED_IN, secret_hash=secret_hash, now=now)
        if values is None:
            return None
        return User(*values[: len(USER_COLUMNS)]), Session(*values[len(USER_COLUMNS) :])

    def check(self, secret_hash: bytes, now: datetime) -> SessionCheck | None:
        """Return what is told of them."""
        values = self._connections.one(CHECKED, secret_hash=secret_hash, now=now)
        if values is None:
            return None
        user, session = values[: len(CHECKED_USER)], values[len(CHECKED_USER) :]
        return SessionCheck(CheckedUser._make(user), CheckedSession._make(session))
