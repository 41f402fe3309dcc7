"""The outbox: written with its cause in one commit, emptied by the worker under leases and fences."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, false, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from service.core.values import LETTERS, LetterRecord, OutboxRow, Outcome, Priority, new_id
from service.store.schema_mail import OutboxTable
from service.store.written import Written

ROW_COLUMNS = (
    OutboxTable.id,
    OutboxTable.letter,
    OutboxTable.address,
    OutboxTable.canonical,
    OutboxTable.created_at,
    OutboxTable.expires_at,
    OutboxTable.priority,
    OutboxTable.user_id,
    OutboxTable.context,
    OutboxTable.attempts,
    OutboxTable.fence,
    OutboxTable.rendered_at,
    OutboxTable.lane,
    OutboxTable.turn,
)
# in the order of the fields of `LetterRecord`
RECORD_COLUMNS = (
    OutboxTable.id,
    OutboxTable.letter,
    OutboxTable.canonical,
    OutboxTable.user_id,
    OutboxTable.created_at,
    OutboxTable.due_at,
    OutboxTable.settled_at,
    OutboxTable.outcome,
    OutboxTable.answer,
    OutboxTable.attempts,
)
LONGEST_ANSWER = 500
# What runs several times a letter is written out once.
ADD = Written(insert(OutboxTable))
DUE = Written(
    select(OutboxTable.id)
    .where(
        OutboxTable.settled_at.is_(None),
        OutboxTable.priority == bindparam("urgency"),
        OutboxTable.due_at <= bindparam("now"),
    )
    .order_by(OutboxTable.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
CLAIM = Written(
    update(OutboxTable)
    .where(OutboxTable.id == bindparam("row"))
    .values(due_at=bindparam("lease_over"), fence=OutboxTable.fence + 1, attempts=OutboxTable.attempts + 1)
    .returning(*ROW_COLUMNS)
)
_earlier, _later = aliased(OutboxTable), aliased(OutboxTable)
BEHIND = (
    select(OutboxTable.id, func.max(_earlier.due_at))
    .join(_earlier, _earlier.lane == OutboxTable.lane)
    .where(OutboxTable.id.in_(bindparam("ids", expanding=True)), OutboxTable.lane.is_not(None))
    .where(_earlier.settled_at.is_(None), _earlier.lane.is_not(None), _earlier.turn < OutboxTable.turn)
    .group_by(OutboxTable.id)
)
NEXT_IN_LANE = (
    update(OutboxTable)
    .where(OutboxTable.lane == bindparam("its_lane"), OutboxTable.settled_at.is_(None))
    .where(
        OutboxTable.turn
        == select(func.min(_later.turn))
        .where(_later.lane == bindparam("its_lane"), _later.settled_at.is_(None))
        .scalar_subquery()
    )
    .values(due_at=bindparam("at"))
)
STILL_OURS = (
    OutboxTable.id == bindparam("row"),
    OutboxTable.fence == bindparam("claimed_as"),
    OutboxTable.settled_at.is_(None),
)
RENDERING = Written(update(OutboxTable).where(*STILL_OURS).values(rendered_at=bindparam("at")))
SETTLE = Written(
    update(OutboxTable)
    .where(*STILL_OURS)
    .values(outcome=bindparam("how"), answer=bindparam("said"), settled_at=bindparam("at"), context={})
)


class OutboxRepository:
    """What is to be told, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        letter: str,
        *,
        address: str,
        canonical: str,
        at: datetime,
        expires_in: timedelta,
        priority: Priority,
        user_id: UUID | None = None,
        context: dict[str, Any] | None = None,
        outcome: Outcome | None = None,
    ) -> UUID:
        row_id = new_id()
        ADD.run(
            self._connection,
            id=row_id,
            letter=letter,
            address=address,
            canonical=canonical,
            user_id=user_id,
            context={} if outcome else (context or {}),
            priority=int(priority),
            due_at=at,
            fence=0,
            attempts=0,
            rendered_at=None,
            outcome=outcome,
            answer="",
            created_at=at,
            expires_at=at + expires_in,
            settled_at=at if outcome else None,
            lane=None,
            turn=None,
        )
        return row_id

    def waiting_since(self, now: datetime) -> datetime | None:
        oldest = select(func.min(OutboxTable.due_at)).where(
            OutboxTable.settled_at.is_(None), OutboxTable.due_at <= now, OutboxTable.priority.in_(LETTERS)
        )
        return self._connection.execute(oldest).scalar_one()

    def waiting(self, now: datetime, *, at_most: int) -> int:
        due = (
            select(OutboxTable.id)
            .where(OutboxTable.settled_at.is_(None), OutboxTable.due_at <= now)
            .where(OutboxTable.priority.in_(LETTERS))
            .limit(at_most)
            .subquery()
        )
        return self._connection.execute(select(func.count()).select_from(due)).scalar_one()

    def told_since(self, letter: str, canonical: str, since: datetime) -> bool:
        told = (
            select(OutboxTable.id)
            .where(
                OutboxTable.canonical == canonical,
                OutboxTable.created_at > since,
                OutboxTable.letter == letter,
                OutboxTable.outcome == Outcome.SENT,
            )
            .limit(1)
        )
        return self._connection.execute(told).first() is not None

    def record(self, row_id: UUID) -> LetterRecord | None:
        row = self._connection.execute(select(*RECORD_COLUMNS).where(OutboxTable.id == row_id)).one_or_none()
        return _to_record(row) if row else None

    def history(self, canonical: str | None, user_id: UUID | None = None) -> list[LetterRecord]:
        concerned = []
        if canonical is not None:
            concerned.append(OutboxTable.canonical == canonical)
        if user_id is not None:
            concerned.append(OutboxTable.user_id == user_id)
        rows = self._connection.execute(
            select(*RECORD_COLUMNS)
            .where(or_(false(), *concerned))
            .order_by(OutboxTable.created_at, OutboxTable.id)
        )
        return [_to_record(row) for row in rows]

    def claim(
        self, now: datetime, *, lease: timedelta, limit: int, queue: Sequence[Priority] = LETTERS
    ) -> list[OutboxRow]:
        """Take up to `limit` due rows for `lease`; the most urgent kind first, in it the longest due."""
        ids: list[UUID] = []
        for priority in queue:
            if len(ids) < limit:
                ids += self._due(now, priority, limit - len(ids))
        behind = self._behind(ids) if ids and Priority.WEBHOOK in queue else {}
        rows = [CLAIM.one(self._connection, row=row_id, lease_over=now + lease) for row_id in ids]
        return [_to_row(row, behind.get(row[0])) for row in rows if row]

    def rendering(self, row: OutboxRow, at: datetime) -> bool:
        """Note the instant the letter in flight is signed at."""
        return RENDERING.run(self._connection, **_ours(row), at=at) == 1

    def settle(self, row: OutboxRow, outcome: Outcome, *, at: datetime, answer: str = "") -> bool:
        """End a row: it loses its context at once and is kept as a record of what was done.

        The next one of its lane is due.
        """
        said = answer[:LONGEST_ANSWER]
        held = SETTLE.run(self._connection, **_ours(row), how=str(outcome), said=said, at=at) == 1
        if held and row.lane is not None:
            self._connection.execute(NEXT_IN_LANE, {"its_lane": row.lane, "at": at})
        return held

    def release(self, row: OutboxRow, *, due_at: datetime, answer: str, forget_rendering: bool) -> bool:
        """Give a row back for another try at `due_at`."""
        values: dict[str, Any] = {"due_at": due_at, "answer": answer[:LONGEST_ANSWER]}
        return self._change(row, **values, **({"rendered_at": None} if forget_rendering else {}))

    def step_back(self, rows: Sequence[OutboxRow], *, due_at: datetime) -> None:
        """Give rows just claimed in this transaction back untried, due at `due_at`."""
        self._connection.execute(
            update(OutboxTable)
            .where(OutboxTable.id.in_([row.id for row in rows]))
            .values(due_at=due_at, attempts=OutboxTable.attempts - 1)
        )

    def purge(self, before: datetime) -> int:
        return self._connection.execute(delete(OutboxTable).where(OutboxTable.settled_at < before)).rowcount

    def _due(self, now: datetime, priority: Priority, limit: int) -> list[UUID]:
        due = DUE.all(self._connection, now=now, urgency=int(priority), most=limit)
        return [row_id for (row_id,) in due]

    def _behind(self, ids: list[UUID]) -> dict[UUID, datetime]:
        """Until when rows wait for earlier ones of their lanes."""
        return {row[0]: row[1] for row in self._connection.execute(BEHIND, {"ids": ids})}

    def _change(self, row: OutboxRow, **values: Any) -> bool:
        change = update(OutboxTable).where(*STILL_OURS).values(**values)
        return self._connection.execute(change, _ours(row)).rowcount == 1


def _ours(row: OutboxRow) -> dict[str, Any]:
    """What a row is known by as long as nobody else has claimed it since."""
    return {"row": row.id, "claimed_as": row.fence}


def _to_record(row: Any) -> LetterRecord:
    fields = dict(zip((column.key for column in RECORD_COLUMNS), row, strict=True))
    outcome = fields["outcome"]
    return LetterRecord(**fields | {"outcome": Outcome(outcome) if outcome else None})


def _to_row(row: Any, behind: datetime | None) -> OutboxRow:
    fields = dict(zip((column.key for column in ROW_COLUMNS), row, strict=True))
    return OutboxRow(**fields | {"priority": Priority(fields["priority"]), "behind": behind})
