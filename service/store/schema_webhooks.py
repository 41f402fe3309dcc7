"""The tables of webhooks: where events are sent, and the events. Deliveries are rows of the outbox."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from service.store.schema import Strings, Table

Turn = BigInteger().with_variant(Integer, "sqlite")


class WebhookRow(Table):
    """A place events are sent to; its secrets are encrypted (`service.adapters.vault`)."""

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    events: Mapped[tuple[str, ...]] = mapped_column(Strings)
    secret: Mapped[str]
    created_at: Mapped[datetime]
    earlier_secret: Mapped[str | None]
    earlier_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_by: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    trouble: Mapped[str]


class WebhookEventRow(Table):
    """Something services are told of an account. No foreign key: that it is deleted outlives it.

    `turn` is counted by the database, whatever the web processes' clocks say, and never used again.
    """

    __tablename__ = "webhook_events"
    __table_args__ = ({"sqlite_autoincrement": True},)

    turn: Mapped[int] = mapped_column(Turn, primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    type: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    data: Mapped[dict[str, Any]]
