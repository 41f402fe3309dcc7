"""Identities at other providers: linked ones, pending ones, sign-ins that are away, and what was spent.

Other services are told here, where identities begin and end, so that no story can forget it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.core.identities import Attempt, Identity, PendingIdentity
from service.core.webhooks import WebhookType
from service.store.announcements import Announcements
from service.store.schema import AttemptRow, IdentityRow, PendingIdentityRow, SpentRow, Table
from service.store.written import Written

# in the order of the fields of `Identity`, `Attempt` and `PendingIdentity`
IDENTITY_COLUMNS = (
    IdentityRow.id,
    IdentityRow.user_id,
    IdentityRow.provider,
    IdentityRow.issuer,
    IdentityRow.subject,
    IdentityRow.email,
    IdentityRow.refresh_token,
    IdentityRow.blocked_at,
    IdentityRow.created_at,
    IdentityRow.last_used_at,
)
ATTEMPT_COLUMNS = (
    AttemptRow.state_hash,
    AttemptRow.browser_hash,
    AttemptRow.provider,
    AttemptRow.next,
    AttemptRow.session_id,
    AttemptRow.expires_at,
    AttemptRow.handle_hash,
    AttemptRow.parked,
)
PENDING_COLUMNS = (
    PendingIdentityRow.id,
    PendingIdentityRow.browser_hash,
    PendingIdentityRow.provider,
    PendingIdentityRow.issuer,
    PendingIdentityRow.subject,
    PendingIdentityRow.email,
    PendingIdentityRow.canonical,
    PendingIdentityRow.name,
    PendingIdentityRow.refresh_token,
    PendingIdentityRow.next,
    PendingIdentityRow.locale,
    PendingIdentityRow.created_at,
    PendingIdentityRow.expires_at,
)

OF_USER = Written(
    select(*IDENTITY_COLUMNS).where(IdentityRow.user_id == bindparam("user")).order_by(IdentityRow.created_at)
)
UNBLOCK_ALL = Written(
    update(IdentityRow)
    .where(IdentityRow.user_id == bindparam("user"), IdentityRow.blocked_at.is_not(None))
    .values(blocked_at=None)
)


class IdentityRepository:
    """The identities of accounts, in one transaction."""

    def __init__(self, connection: Connection, announcements: Announcements) -> None:
        self._connection = connection
        self._announcements = announcements

    def by_subject(self, issuer: str, subject: str) -> Identity | None:
        return self._one(IdentityRow.issuer == issuer, IdentityRow.subject == subject)

    def of(self, user_id: UUID) -> Sequence[Identity]:
        return [Identity(*row) for row in OF_USER.all(self._connection, user=user_id)]

    def add(self, identity: Identity) -> bool:
        added = _added(self._connection, IdentityRow, vars(identity), IdentityRow.id)
        if added:
            self._announcements.note(
                WebhookType.IDENTITY_LINKED,
                identity.user_id,
                at=identity.created_at,
                provider=identity.provider,
            )
        return added

    def used(self, identity_id: UUID, **values: Any) -> None:
        """Note a sign-in: `at`, the address the provider tells now, perhaps a newer refresh token."""
        self._connection.execute(update(IdentityRow).where(IdentityRow.id == identity_id).values(**values))

    def block(self, identity_id: UUID, at: datetime | None) -> None:
        self.used(identity_id, blocked_at=at)

    def unblock_all(self, user_id: UUID) -> None:
        UNBLOCK_ALL.run(self._connection, user=user_id)

    def remove(self, user_id: UUID, provider: str) -> Identity | None:
        return next(iter(self._removed(user_id, IdentityRow.provider == provider)), None)

    def remove_all(self, user_id: UUID) -> Sequence[Identity]:
        return self._removed(user_id)

    def remove_since(self, user_id: UUID, since: datetime) -> Sequence[Identity]:
        return self._removed(user_id, IdentityRow.created_at >= since)

    def _removed(self, user_id: UUID, *conditions: ColumnElement[bool]) -> Sequence[Identity]:
        rows = self._connection.execute(
            delete(IdentityRow)
            .where(IdentityRow.user_id == user_id, *conditions)
            .returning(*IDENTITY_COLUMNS)
        )
        gone = [Identity(*tuple(row)) for row in rows]
        for identity in gone:
            self._announcements.note(WebhookType.IDENTITY_UNLINKED, user_id, provider=identity.provider)
        return gone

    def _one(self, *conditions: ColumnElement[bool]) -> Identity | None:
        row = self._connection.execute(select(*IDENTITY_COLUMNS).where(*conditions)).one_or_none()
        return Identity(*tuple(row)) if row else None


class AttemptRepository:
    """The sign-ins that are away at a provider, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, attempt: Attempt) -> None:
        self._connection.execute(insert(AttemptRow).values(**vars(attempt)))

    def park(self, state_hash: bytes, provider: str, *, handle_hash: bytes, parked: str) -> bool:
        result = self._connection.execute(
            update(AttemptRow)
            .where(
                AttemptRow.state_hash == state_hash,
                AttemptRow.provider == provider,
                AttemptRow.handle_hash.is_(None),
            )
            .values(handle_hash=handle_hash, parked=parked)
        )
        return result.rowcount == 1

    def take(self, state_hash: bytes) -> Attempt | None:
        return self._taken(AttemptRow.state_hash == state_hash)

    def take_parked(self, handle_hash: bytes) -> Attempt | None:
        return self._taken(AttemptRow.handle_hash == handle_hash)

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(AttemptRow).where(AttemptRow.expires_at <= now)).rowcount

    def _taken(self, condition: ColumnElement[bool]) -> Attempt | None:
        row = self._connection.execute(
            delete(AttemptRow).where(condition).returning(*ATTEMPT_COLUMNS)
        ).one_or_none()
        return Attempt(*tuple(row)) if row else None


class PendingIdentityRepository:
    """The identities that wait for a proof, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, pending: PendingIdentity) -> None:
        self._connection.execute(insert(PendingIdentityRow).values(**vars(pending)))

    def get(self, pending_id: UUID) -> PendingIdentity | None:
        return self._one(PendingIdentityRow.id == pending_id)

    def newest_of(self, browser_hash: bytes) -> PendingIdentity | None:
        return self._one(PendingIdentityRow.browser_hash == browser_hash)

    def take(self, pending: PendingIdentity) -> bool:
        """Delete it and everything that waits for the same identity; True for exactly one of several callers."""
        taken = (
            delete(PendingIdentityRow)
            .where(PendingIdentityRow.issuer == pending.issuer, PendingIdentityRow.subject == pending.subject)
            .returning(PendingIdentityRow.id)
        )
        return pending.id in self._connection.execute(taken).scalars().all()

    def purge(self, now: datetime) -> int:
        return self._connection.execute(
            delete(PendingIdentityRow).where(PendingIdentityRow.expires_at <= now)
        ).rowcount

    def _one(self, condition: ColumnElement[bool]) -> PendingIdentity | None:
        newest = select(*PENDING_COLUMNS).where(condition).order_by(PendingIdentityRow.id.desc()).limit(1)
        row = self._connection.execute(newest).one_or_none()
        return PendingIdentity(*tuple(row)) if row else None


class SpentRepository:
    """What was used once and must not be used again, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, digest: bytes, *, until: datetime) -> bool:
        return _added(self._connection, SpentRow, {"digest": digest, "expires_at": until}, SpentRow.digest)

    def knows(self, digest: bytes) -> bool:
        spent = select(SpentRow.expires_at).where(SpentRow.digest == digest)
        return self._connection.execute(spent).first() is not None

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(SpentRow).where(SpentRow.expires_at <= now)).rowcount


def _added(connection: Connection, table: type[Table], values: dict[str, Any], returned: Any) -> bool:
    """Insert; False when a unique constraint says that it is there already, or belongs to somebody else."""
    insert_or_not = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert_or_not(table).values(**values).on_conflict_do_nothing().returning(returned)
    return connection.execute(statement).one_or_none() is not None
