"""Accounts and audit events by the page: each page begins behind the last one's end, found through an index."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, select, tuple_

from service.core.directory import AuditEvent, AuditQuestion
from service.core.paging import Moment
from service.core.values import User
from service.store.schema import AuditRow, UserRow
from service.store.users import USER_COLUMNS

# in the order of the fields of `AuditEvent`
EVENT_COLUMNS = (
    *(AuditRow.id, AuditRow.at, AuditRow.kind, AuditRow.user_id, AuditRow.ip, AuditRow.agent, AuditRow.data),
)


class DirectoryRepository:
    """The lists, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def users(self, after: UUID, limit: int) -> Sequence[User]:
        page = select(*USER_COLUMNS).where(UserRow.id > after).order_by(UserRow.id).limit(limit)
        return [User(*row) for row in self._connection.execute(page)]

    def events(self, question: AuditQuestion, before: Moment, limit: int) -> Sequence[AuditEvent]:
        place = tuple_(AuditRow.at, AuditRow.id)
        found = select(*EVENT_COLUMNS).where(place < tuple_(before.at, before.id))
        if question.user_id is not None:
            found = found.where(AuditRow.user_id == question.user_id)
        if question.kind is not None:
            # of one account through the account's index: SQLite, which keeps no statistics, would read all of the kind
            kind = AuditRow.kind if question.user_id is None else AuditRow.kind.concat("")
            found = found.where(kind == question.kind)
        if question.since is not None:
            found = found.where(AuditRow.at >= question.since)
        if question.until is not None:
            found = found.where(AuditRow.at < question.until)
        newest_first = found.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)
        return [AuditEvent(*row) for row in self._connection.execute(newest_first)]
