"""Passkeys, and the challenges that wait for one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.core.second_factors import Assertion, Ceremony, Passkey
from service.store.schema_second_factors import CeremonyRow, PasskeyRow

# in the order of the fields of `Passkey` and `Ceremony`
PASSKEY_COLUMNS: tuple[Any, ...] = (
    *(PasskeyRow.id, PasskeyRow.user_id, PasskeyRow.credential_id, PasskeyRow.public_key),
    *(PasskeyRow.sign_count, PasskeyRow.name, PasskeyRow.synced, PasskeyRow.created_at),
    *(PasskeyRow.last_used_at, PasskeyRow.copied_at),
)
CEREMONY_COLUMNS = (CeremonyRow.challenge_hash, CeremonyRow.user_id, CeremonyRow.expires_at)


class PasskeyRepository:
    """The accounts' passkeys, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, user_id: UUID) -> Sequence[Passkey]:
        query = select(*PASSKEY_COLUMNS).where(PasskeyRow.user_id == user_id).order_by(PasskeyRow.id)
        return [Passkey(*row) for row in self._connection.execute(query)]

    def by_credential(self, credential_id: bytes) -> Passkey | None:
        query = select(*PASSKEY_COLUMNS).where(PasskeyRow.credential_id == credential_id)
        row = self._connection.execute(query).one_or_none()
        return Passkey(*row) if row else None

    def add(self, passkey: Passkey) -> bool:
        new = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        added = (
            new(PasskeyRow).values(**vars(passkey)).on_conflict_do_nothing(index_elements=["credential_id"])
        )
        return self._connection.execute(added.returning(PasskeyRow.id)).one_or_none() is not None

    def used(self, passkey: Passkey, told: Assertion, *, at: datetime) -> None:
        highest = func.max if self._connection.dialect.name == "sqlite" else func.greatest
        self._change(
            passkey.id,
            last_used_at=at,
            synced=told.synced,
            sign_count=highest(PasskeyRow.sign_count, told.sign_count),
        )

    def flag(self, passkey_id: UUID, *, at: datetime) -> None:
        self._change(passkey_id, copied_at=at)

    def remove(self, passkey_id: UUID, *, user_id: UUID) -> Passkey | None:
        gone = self._remove(PasskeyRow.id == passkey_id, PasskeyRow.user_id == user_id)
        return gone[0] if gone else None

    def remove_since(self, user_id: UUID, since: datetime) -> Sequence[Passkey]:
        return self._remove(PasskeyRow.user_id == user_id, PasskeyRow.created_at >= since)

    def _remove(self, *which: ColumnElement[bool]) -> Sequence[Passkey]:
        gone = self._connection.execute(delete(PasskeyRow).where(*which).returning(*PASSKEY_COLUMNS))
        return [Passkey(*row) for row in gone]

    def _change(self, passkey_id: UUID, **values: object) -> None:
        self._connection.execute(update(PasskeyRow).where(PasskeyRow.id == passkey_id).values(**values))


class CeremonyRepository:
    """The challenges that wait, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, ceremony: Ceremony) -> None:
        self._connection.execute(insert(CeremonyRow).values(**vars(ceremony)))

    def take(self, challenge_hash: bytes) -> Ceremony | None:
        taken = delete(CeremonyRow).where(CeremonyRow.challenge_hash == challenge_hash)
        row = self._connection.execute(taken.returning(*CEREMONY_COLUMNS)).one_or_none()
        return Ceremony(*row) if row else None

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(CeremonyRow).where(CeremonyRow.expires_at <= now)).rowcount
