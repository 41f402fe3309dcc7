"""Addresses that get no letters: one row each."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from service.core.mail_events import Reason, Suppression
from service.store.schema_mail import SuppressionRow
from service.store.written import Written

# in the order of the fields of `Suppression`
SUPPRESSION_COLUMNS = (
    SuppressionRow.canonical,
    SuppressionRow.reason,
    SuppressionRow.source,
    SuppressionRow.since,
    SuppressionRow.detail,
    SuppressionRow.expires_at,
)


IN_FORCE = or_(SuppressionRow.expires_at.is_(None), SuppressionRow.expires_at > bindparam("now"))
# asked for every letter, so written out once
ACTIVE = Written(
    select(*SUPPRESSION_COLUMNS).where(SuppressionRow.canonical == bindparam("address"), IN_FORCE)
)


class SuppressionRepository:
    """The suppression list, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def active(self, canonical: str, now: datetime) -> Suppression | None:
        row = ACTIVE.one(self._connection, address=canonical, now=now)
        return Suppression(row[0], Reason(row[1]), *row[2:]) if row else None

    def all(self, now: datetime) -> Sequence[Suppression]:
        rows = self._connection.execute(
            select(*SUPPRESSION_COLUMNS).where(IN_FORCE).order_by(SuppressionRow.since.desc()), {"now": now}
        )
        return [Suppression(row[0], Reason(row[1]), *row[2:]) for row in rows]

    def put(self, suppression: Suppression) -> None:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        values = vars(suppression)
        self._connection.execute(
            insert(SuppressionRow)
            .values(**values)
            .on_conflict_do_update(index_elements=["canonical"], set_=values)
        )

    def lift(self, canonical: str, *, reasons: Collection[Reason] = tuple(Reason)) -> bool:
        lifted = delete(SuppressionRow).where(
            SuppressionRow.canonical == canonical, SuppressionRow.reason.in_(reasons)
        )
        return self._connection.execute(lifted).rowcount == 1

    def purge(self, now: datetime) -> int:
        return self._connection.execute(
            delete(SuppressionRow).where(SuppressionRow.expires_at <= now)
        ).rowcount
