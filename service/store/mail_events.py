"""What was heard of letters after they left. Rows are added and, when old, deleted; never changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from service.core.mail_events import EventKind, MailEvent
from service.core.values import new_id
from service.store.schema_mail import MailEventRow

# in the order of the fields of `MailEvent`
EVENT_COLUMNS = (
    MailEventRow.kind,
    MailEventRow.canonical,
    MailEventRow.at,
    MailEventRow.key,
    MailEventRow.row_id,
    MailEventRow.user_id,
    MailEventRow.detail,
)


class MailEventRepository:
    """The events, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, event: MailEvent) -> bool:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        added = self._connection.execute(
            insert(MailEventRow)
            .values(id=new_id(), **vars(event))
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(MailEventRow.id)
        )
        return added.one_or_none() is not None

    def knows(self, key: str) -> bool:
        known = select(MailEventRow.id).where(MailEventRow.key == key)
        return self._connection.execute(known).first() is not None

    def count(self, canonical: str, kind: EventKind, *, since: datetime) -> int:
        counted = select(func.count()).where(
            MailEventRow.canonical == canonical, MailEventRow.at > since, MailEventRow.kind == kind
        )
        return int(self._connection.execute(counted).scalar_one())

    def of_address(self, canonical: str) -> Sequence[MailEvent]:
        rows = self._connection.execute(
            select(*EVENT_COLUMNS).where(MailEventRow.canonical == canonical).order_by(MailEventRow.at)
        )
        return [MailEvent(EventKind(row[0]), *row[1:]) for row in rows]

    def of_user(self, user_id: UUID) -> Sequence[MailEvent]:
        rows = self._connection.execute(
            select(*EVENT_COLUMNS).where(MailEventRow.user_id == user_id).order_by(MailEventRow.at)
        )
        return [MailEvent(EventKind(row[0]), *row[1:]) for row in rows]

    def purge(self, before: datetime) -> int:
        return self._connection.execute(delete(MailEventRow).where(MailEventRow.at < before)).rowcount
