"""The tables of the OpenID provider."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.store.schema import Exact, Strings, Table


class ClientRow(Table):
    """A service that asks who a reader is. Its secrets are kept as SHA-256."""

    __tablename__ = "oauth_clients"

    id: Mapped[str] = mapped_column(Exact, primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    auth: Mapped[str]
    grants: Mapped[tuple[str, ...]] = mapped_column(Strings)
    scopes: Mapped[tuple[str, ...]] = mapped_column(Strings)
    redirect_uris: Mapped[tuple[str, ...]] = mapped_column(Strings)
    post_logout_redirect_uris: Mapped[tuple[str, ...]] = mapped_column(Strings)
    audiences: Mapped[tuple[str, ...]] = mapped_column(Strings)
    first_party: Mapped[bool]
    backchannel_logout_uri: Mapped[str | None]
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    secret_hash: Mapped[bytes | None]
    earlier_secret_hash: Mapped[bytes | None]
    earlier_secret_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class SigningKeyRow(Table):
    """A key tokens are signed with; `private` is encrypted (`service.adapters.vault`)."""

    __tablename__ = "oauth_keys"

    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kid: Mapped[str] = mapped_column(unique=True)
    algorithm: Mapped[str]
    public: Mapped[dict[str, Any]]
    private: Mapped[str]
    published_at: Mapped[datetime]
    active_at: Mapped[datetime]


class GrantRow(Table):
    """What one authorization gave; its code is found by SHA-256. The session has no foreign key: it may run out."""

    __tablename__ = "oauth_grants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(
        Exact, ForeignKey("oauth_clients.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[UUID | None] = mapped_column(index=True)
    epoch: Mapped[int]
    scopes: Mapped[tuple[str, ...]] = mapped_column(Strings)
    auth_time: Mapped[datetime]
    amr: Mapped[tuple[str, ...]] = mapped_column(Strings)
    redirect_uri: Mapped[str]
    challenge: Mapped[str]
    nonce: Mapped[str | None]
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    code_expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class RefreshTokenRow(Table):
    """A refresh token, by SHA-256. Those used up stay as long as their family: a second use ends it."""

    __tablename__ = "oauth_refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_grants.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AccessTokenRow(Table):
    """An access token that is out, by SHA-256, until it expires; what is not here is not good."""

    __tablename__ = "oauth_access_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    client_id: Mapped[str] = mapped_column(
        Exact, ForeignKey("oauth_clients.id", ondelete="CASCADE"), index=True
    )
    grant_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("oauth_grants.id", ondelete="CASCADE"), index=True
    )
    scopes: Mapped[tuple[str, ...]] = mapped_column(Strings)
    audience: Mapped[tuple[str, ...]] = mapped_column(Strings)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ConsentRow(Table):
    """What a reader lets a third party know."""

    __tablename__ = "oauth_consents"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(
        Exact, ForeignKey("oauth_clients.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    scopes: Mapped[tuple[str, ...]] = mapped_column(Strings)
    granted_at: Mapped[datetime]
