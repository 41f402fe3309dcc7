"""Who is behind a cookie: the one question other services ask on every page view."""

from datetime import datetime

from sqlalchemy import Engine, bindparam, select

from service.core.values import Session, User
from service.store.prepared import Prepared
from service.store.schema import SessionRow, UserRow
from service.store.sessions import SESSION_COLUMNS, alive
from service.store.users import USER_COLUMNS

SIGNED_IN = (
    select(*USER_COLUMNS, *SESSION_COLUMNS)
    .join_from(SessionRow, UserRow, UserRow.id == SessionRow.user_id)
    .where(
        SessionRow.secret_hash == bindparam("secret_hash"),
        *alive(bindparam("now")),
    )
)


class SessionLookup:
    """Look sessions up, with their accounts."""

    def __init__(self, engine: Engine) -> None:
        self._prepared = Prepared(engine, SIGNED_IN)

    def find(self, secret_hash: bytes, now: datetime) -> tuple[User, Session] | None:
        """Return the live session with its account. Raises `Unavailable` when the database is away."""
        values = self._prepared.one(secret_hash=secret_hash, now=now)
        if values is None:
            return None
        return User(*values[: len(USER_COLUMNS)]), Session(*values[len(USER_COLUMNS) :])
