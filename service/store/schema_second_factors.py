"""The tables of second factors and passkeys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.store.schema import Strings, Table


class SecondStepRow(Table):
    """A sign-in that waits for its second factor, found by the SHA-256 of its secret."""

    __tablename__ = "second_steps"

    secret_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int]
    amr: Mapped[tuple[str, ...]] = mapped_column(Strings)
    remember: Mapped[bool]
    next: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    failures: Mapped[int]


class AuthenticatorAppRow(Table):
    """The secret an account shares with an authenticator app, encrypted (`service.adapters.vault`)."""

    __tablename__ = "authenticator_apps"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    locked_secret: Mapped[str]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCodeRow(Table):
    """A recovery code, by its SHA-256."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class PasskeyRow(Table):
    """A passkey: what its authenticator told of it, and what its reader calls it."""

    __tablename__ = "passkeys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    synced: Mapped[bool]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    copied_at: Mapped[datetime | None]


class CeremonyRow(Table):
    """A challenge that waits for a passkey's answer, found by its SHA-256."""

    __tablename__ = "passkey_ceremonies"

    challenge_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
