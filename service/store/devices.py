"""Browsers that have signed in, by account and the SHA-256 of their secret."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from service.store.schema import DeviceRow, UserRow


class DeviceRepository:
    """Known browsers, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def any(self, user_id: UUID) -> bool:
        known = select(DeviceRow.created_at).where(DeviceRow.user_id == user_id).limit(1)
        return self._connection.execute(known).first() is not None

    def known(self, canonical: str, secret_hash: bytes) -> bool:
        known = (
            select(DeviceRow.created_at)
            .join(UserRow, UserRow.id == DeviceRow.user_id)
            .where(UserRow.canonical == canonical, DeviceRow.secret_hash == secret_hash)
        )
        return self._connection.execute(known).first() is not None

    def note(self, user_id: UUID, secret_hash: bytes, *, at: datetime) -> bool:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        noted = (
            insert(DeviceRow)
            .values(user_id=user_id, secret_hash=secret_hash, created_at=at, last_used_at=at)
            .on_conflict_do_update(index_elements=["user_id", "secret_hash"], set_={"last_used_at": at})
            .returning(DeviceRow.created_at)
        )
        return self._connection.execute(noted).scalar_one() == at

    def forget(self, user_id: UUID) -> None:
        self._connection.execute(delete(DeviceRow).where(DeviceRow.user_id == user_id))

    def purge(self, before: datetime) -> int:
        return self._connection.execute(delete(DeviceRow).where(DeviceRow.last_used_at < before)).rowcount
