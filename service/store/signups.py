"""Pending sign-ups."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from service.core.values import PendingSignup
from service.store.schema import SignupRow
from service.store.written import Written

# in the order of the fields of `PendingSignup`
SIGNUP_COLUMNS = (
    SignupRow.id,
    SignupRow.email,
    SignupRow.canonical,
    SignupRow.password_hash,
    SignupRow.binding_hash,
    SignupRow.created_at,
    SignupRow.expires_at,
    SignupRow.name,
    SignupRow.locale,
    SignupRow.next,
    SignupRow.newsletter,
)

ADD = Written(insert(SignupRow))


class SignupRepository:
    """The sign-ups that wait, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, signup: PendingSignup) -> None:
        ADD.run(self._connection, **vars(signup))

    def get(self, signup_id: UUID) -> PendingSignup | None:
        row = self._connection.execute(select(*SIGNUP_COLUMNS).where(SignupRow.id == signup_id)).one_or_none()
        return PendingSignup(*row) if row else None

    def take(self, signup: PendingSignup) -> bool:
        # one statement: whoever took one row first and the others then would deadlock with who took another
        taken = delete(SignupRow).where(SignupRow.canonical == signup.canonical).returning(SignupRow.id)
        return signup.id in self._connection.execute(taken).scalars().all()

    def discard(self, canonical: str) -> None:
        self._connection.execute(delete(SignupRow).where(SignupRow.canonical == canonical))

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(SignupRow).where(SignupRow.expires_at <= now)).rowcount
