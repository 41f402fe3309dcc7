"""The audit trail: one row beside every change a person would want to know of, and one log line once it is so.

What other services are told of as well is passed on here, so that no story has to think of it.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from service.core.values import Visit, new_id
from service.store.announcements import SOMEBODY_LISTENS, Announcements
from service.store.schema import AuditRow
from service.store.written import Written

log = logging.getLogger(__name__)

RECORD = Written(insert(AuditRow))
RECORD_AND_ASK = Written(insert(AuditRow).returning(SOMEBODY_LISTENS))


class AuditRepository:
    """Events, in one transaction with what they tell of."""

    def __init__(self, connection: Connection, announcements: Announcements) -> None:
        self._connection = connection
        self._announcements = announcements
        self._recorded: list[tuple[str, dict[str, Any]]] = []

    def record(
        self, kind: str, *, at: datetime, user_id: UUID | None = None, visit: Visit | None = None, **data: Any
    ) -> None:
        event = {
            "id": new_id(),
            "at": at,
            "kind": kind,
            "user_id": user_id,
            "ip": visit.ip if visit else "",
            "agent": visit.agent if visit else "",
            "data": data,
        }
        if user_id is not None and self._announcements.concerns(kind):
            listened = RECORD_AND_ASK.one(self._connection, **event)
            self._announcements.listened = listened is not None and listened[0]
            self._announcements.note_audited(kind, user_id, at, data)
        else:
            RECORD.run(self._connection, **event)
        about = {"user_id": str(user_id) if user_id else None, "ip": visit.ip if visit else None}
        self._recorded.append((kind, {name: value for name, value in about.items() if value}))

    def made_by(self, by: str, user_ids: Collection[UUID]) -> Collection[UUID]:
        if not user_ids:
            return ()
        found = select(AuditRow.user_id, AuditRow.data).where(
            AuditRow.user_id.in_(user_ids),
            AuditRow.kind.concat("")
            == "user.created",  # through the accounts' index, not that of all new accounts
        )
        rows = self._connection.execute(found)
        return {row.user_id for row in rows if row.user_id is not None and row.data.get("by") == by}

    def tell(self) -> None:
        """Log what was recorded: after the commit, so that a log never knows more than the database."""
        for kind, about in self._recorded:
            log.info(kind, extra=about)
