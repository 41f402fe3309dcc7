"""The tables. Migrations in `service/store/migrations/` lead to exactly this; a test compares the two."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from service.core.values import NewsletterConsent


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: `timestamptz` on PostgreSQL, ISO text on SQLite, which knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Strings(TypeDecorator[tuple[str, ...]]):
    """A short list of words, kept as JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> list[str] | None:
        return None if value is None else list(value)

    def process_result_value(self, value: list[str] | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value or ())


class CommaSeparated(TypeDecorator[tuple[str, ...]]):
    """Words that a query has joined with commas, in order."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(sorted(value.split(","))) if value else ()


class Consent(TypeDecorator[NewsletterConsent]):
    """A consent with what proves it, kept as JSON."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: NewsletterConsent | None, dialect: Dialect) -> dict[str, str] | None:
        if value is None:
            return None
        return {"at": value.at.isoformat(), "ip": value.ip, "wording": value.wording}

    def process_result_value(
        self, value: dict[str, str] | None, dialect: Dialect
    ) -> NewsletterConsent | None:
        if value is None:
            return None
        return NewsletterConsent(datetime.fromisoformat(value["at"]), value["ip"], value["wording"])


# Compared byte by byte on both databases, whatever the server's locale thinks equal.
Exact = String().with_variant(String(collation="C"), "postgresql")


class Table(DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, bytes: LargeBinary}


class UserRow(Table):
    """An account. `erases_at` is when one whose owner asked for it goes; signing in before keeps it."""

    __tablename__ = "users"
    __table_args__ = (
        Index(
            "ix_users_erases_at",
            "erases_at",
            postgresql_where=text("erases_at IS NOT NULL"),
            sqlite_where=text("erases_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str | None]
    canonical: Mapped[str | None] = mapped_column(Exact, unique=True)
    email_verified_at: Mapped[datetime | None]
    name: Mapped[str | None]
    locale: Mapped[str | None]
    roles: Mapped[tuple[str, ...]] = mapped_column(Strings)
    password_hash: Mapped[str | None]
    credential_epoch: Mapped[int]
    reset_letter: Mapped[UUID | None]
    login_letter: Mapped[UUID | None]
    email_letter: Mapped[UUID | None]
    newsletter: Mapped[NewsletterConsent | None] = mapped_column(Consent)
    disabled_at: Mapped[datetime | None]
    erases_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class IdentityRow(Table):
    """An account's identity at an outside provider: issuer and subject, never an address.

    `refresh_token` is encrypted (`service.adapters.vault`); `blocked_at` is since when the provider says that
    somebody else may hold it.
    """

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("user_id", "provider"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[str]
    issuer: Mapped[str] = mapped_column(Exact)
    subject: Mapped[str] = mapped_column(Exact)
    email: Mapped[str | None]
    refresh_token: Mapped[str | None]
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class AttemptRow(Table):
    """A sign-in that is away at a provider, found by the SHA-256 of its `state`; once, ten minutes.

    `parked` holds what Apple's form brought, encrypted, until the browser fetches it by its handle.
    """

    __tablename__ = "provider_attempts"

    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    browser_hash: Mapped[bytes]
    provider: Mapped[str]
    next: Mapped[str | None]
    session_id: Mapped[UUID | None]
    handle_hash: Mapped[bytes | None] = mapped_column(unique=True)
    parked: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PendingIdentityRow(Table):
    """An identity that waits for its reader to prove a mailbox or an account; it opens nothing until then."""

    __tablename__ = "pending_identities"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    browser_hash: Mapped[bytes] = mapped_column(index=True)
    provider: Mapped[str]
    issuer: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str]
    canonical: Mapped[str] = mapped_column(Exact, index=True)
    name: Mapped[str | None]
    refresh_token: Mapped[str | None]
    next: Mapped[str | None]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SpentRow(Table):
    """Something that may be used once (an ID token, an event's `jti`), by its SHA-256, until it expires."""

    __tablename__ = "spent_tokens"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignupRow(Table):
    """A sign-up that waits for its mailbox to be proven."""

    __tablename__ = "pending_signups"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    canonical: Mapped[str] = mapped_column(Exact, index=True)
    password_hash: Mapped[str]
    binding_hash: Mapped[bytes]
    name: Mapped[str | None]
    locale: Mapped[str | None]
    next: Mapped[str | None]
    newsletter: Mapped[NewsletterConsent | None] = mapped_column(Consent)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class EmailUndoRow(Table):
    """An address an account had until it was changed; whoever reads its mail may bring it back for a while."""

    __tablename__ = "email_undos"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str]
    canonical: Mapped[str] = mapped_column(Exact)
    changed_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SessionRow(Table):
    """A signed-in browser, found by the SHA-256 of its cookie."""

    __tablename__ = "sessions"

    secret_hash: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int]
    amr: Mapped[tuple[str, ...]] = mapped_column(Strings)
    remember: Mapped[bool]
    ip: Mapped[str]
    agent: Mapped[str]
    auth_time: Mapped[datetime]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    idle_until: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]


class DeviceRow(Table):
    """A browser that has signed in to an account, known by the SHA-256 of the secret in its cookie."""

    __tablename__ = "devices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime] = mapped_column(index=True)


class GuessRow(Table):
    """Wrong passwords in a row for an address, whoever has one: those of strangers together (no device hash),
    those of each browser that has signed in there before. Addresses and secrets are kept as SHA-256.
    """

    __tablename__ = "guesses"

    address_hash: Mapped[bytes] = mapped_column(primary_key=True)
    device_hash: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    next_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AuditRow(Table):
    """Something that happened. No foreign key: it outlives the account."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_user_id_at", "user_id", "at"),
        Index("ix_audit_events_kind_at", "kind", "at"),
        Index("ix_audit_events_at_id", "at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    user_id: Mapped[UUID | None]
    ip: Mapped[str]
    agent: Mapped[str]
    data: Mapped[dict[str, Any]]
