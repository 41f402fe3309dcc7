"""The table behind `Idempotency-Key`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.store.schema import Exact, Table


class AnswerRow(Table):
    """What a service was answered, under the SHA-256 of its key; for a day, and no longer than the account is there.

    `fingerprint` is keyed: the request may hold a password.
    """

    __tablename__ = "idempotent_answers"

    client_id: Mapped[str] = mapped_column(
        Exact, ForeignKey("oauth_clients.id", ondelete="CASCADE"), primary_key=True
    )
    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int | None]
    body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
