"""The tables of letters: the outbox, what was heard of letters after they left, and who gets none."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.schema import Exact, Table
from service.store.schema_webhooks import Turn

WAITING_IN_LANE = "settled_at IS NULL AND lane IS NOT NULL"


class OutboxTable(Table):
    """What is to be told, and what became of it. `due_at` is the next try, or the end of a worker's lease.

    Rows of the same `lane` go one after the other, by `turn`.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "priority",
            "due_at",
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
        Index("ix_outbox_canonical_created_at", "canonical", "created_at"),
        Index("ix_outbox_settled_at", "settled_at"),
        Index(
            "ix_outbox_user_id",
            "user_id",
            postgresql_where=text("user_id IS NOT NULL"),
            sqlite_where=text("user_id IS NOT NULL"),
        ),
        Index(
            "uq_outbox_lane_turn",
            "lane",
            "turn",
            unique=True,
            postgresql_where=text(WAITING_IN_LANE),
            sqlite_where=text(WAITING_IN_LANE),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    letter: Mapped[str]
    address: Mapped[str]
    canonical: Mapped[str] = mapped_column(Exact)
    user_id: Mapped[UUID | None]
    context: Mapped[dict[str, Any]]
    priority: Mapped[int]
    due_at: Mapped[datetime]
    fence: Mapped[int]
    attempts: Mapped[int]
    rendered_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    answer: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    lane: Mapped[str | None] = mapped_column(Exact)
    turn: Mapped[int | None] = mapped_column(Turn)


class SuppressionRow(Table):
    """An address that gets no letters, and why."""

    __tablename__ = "suppressions"

    canonical: Mapped[str] = mapped_column(Exact, primary_key=True)
    reason: Mapped[str]
    source: Mapped[str]
    detail: Mapped[str]
    since: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)


class MailEventRow(Table):
    """Something heard of a letter after it left. No foreign keys: letter and account may be gone by then."""

    __tablename__ = "mail_events"
    __table_args__ = (
        Index("ix_mail_events_canonical_at", "canonical", "at"),
        Index("ix_mail_events_user_id_at", "user_id", "at"),
        Index("ix_mail_events_at", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Exact, unique=True)
    kind: Mapped[str]
    canonical: Mapped[str] = mapped_column(Exact)
    row_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    at: Mapped[datetime]
    detail: Mapped[str]
