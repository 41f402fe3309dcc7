"""Browsers that have signed in, by account and the SHA-256 of their secret."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select

from service.store.schema import DeviceRow, UserRow
from service.store.written import Written

ANY = Written(select(DeviceRow.created_at).where(DeviceRow.user_id == bindparam("user")).limit(1))
KNOWN = Written(
    select(DeviceRow.created_at)
    .join(UserRow, UserRow.id == DeviceRow.user_id)
    .where(UserRow.canonical == bindparam("address"), DeviceRow.secret_hash == bindparam("secret"))
)
NOTE = Written(
    lambda insert: (
        (noted := insert(DeviceRow))
        .on_conflict_do_update(
            index_elements=["user_id", "secret_hash"], set_={"last_used_at": noted.excluded.last_used_at}
        )
        .returning(DeviceRow.created_at)
    )
)


class DeviceRepository:
    """Known browsers, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def any(self, user_id: UUID) -> bool:
        return ANY.one(self._connection, user=user_id) is not None

    def known(self, canonical: str, secret_hash: bytes) -> bool:
        return KNOWN.one(self._connection, address=canonical, secret=secret_hash) is not None

    def note(self, user_id: UUID, secret_hash: bytes, *, at: datetime) -> bool:
        noted = NOTE.one(
            self._connection, user_id=user_id, secret_hash=secret_hash, created_at=at, last_used_at=at
        )
        return noted is not None and noted[0] == at

    def forget(self, user_id: UUID) -> None:
        self._connection.execute(delete(DeviceRow).where(DeviceRow.user_id == user_id))

    def purge(self, before: datetime) -> int:
        return self._connection.execute(delete(DeviceRow).where(DeviceRow.last_used_at < before)).rowcount
