"""The audit trail: one row beside every change a person would want to know of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from service.core.values import Visit, new_id
from service.store.schema import AuditRow


class AuditRepository:
    """Events, in one transaction with what they tell of."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(
        self, kind: str, *, at: datetime, user_id: UUID | None = None, visit: Visit | None = None, **data: Any
    ) -> None:
        self._connection.execute(
            insert(AuditRow).values(
                id=new_id(),
                at=at,
                kind=kind,
                user_id=user_id,
                ip=visit.ip if visit else "",
                agent=visit.agent if visit else "",
                data=data,
            )
        )
