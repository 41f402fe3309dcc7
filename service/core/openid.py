"""The services that ask Masthead who a reader is (OAuth 2.0 and OpenID Connect): clients, grants, tokens, keys."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from service.core.values import User


class GrantType(StrEnum):
    """How a client may come by tokens."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"
    CLIENT_CREDENTIALS = "client_credentials"


class ClientAuth(StrEnum):
    """How a client proves who it is (OpenID Connect Core, section 9)."""

    SECRET = "client_secret"  # as HTTP Basic, or in the form
    PRIVATE_KEY = "private_key_jwt"
    NONE = "none"


OPENID = "openid"
OFFLINE = "offline_access"
# What a reader's tokens may say of the reader.
READER_SCOPES = (OPENID, "profile", "email", OFFLINE)
# What a service may do here in its own name; never granted by a reader, who could not grant it for everybody.
SERVICE_SCOPES = ("users:read", "users:write", "mail:read", "audit:read")
BACKCHANNEL_LOGOUT = "backchannel_logout"  # the errand that tells a client of a sign-out
ROTATION_OVERLAP = timedelta(hours=24)  # for how long a client's earlier secret is still good


@dataclass(frozen=True)
class Client:
    """A service that was registered by staff. Secrets are kept as SHA-256; two are good while one replaces the other.

    `audiences` are further clients whose APIs its access tokens are for.
    """

    id: str
    name: str
    created_at: datetime
    auth: ClientAuth
    grants: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    first_party: bool = False
    backchannel_logout_uri: str | None = None
    jwks: dict[str, Any] | None = None
    secret_hash: bytes | None = field(default=None, repr=False)
    earlier_secret_hash: bytes | None = field(default=None, repr=False)
    earlier_secret_until: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None

    @property
    def public(self) -> bool:
        return self.auth is ClientAuth.NONE

    def good_secrets(self, now: datetime) -> tuple[bytes, ...]:
        """The hashes of the secrets that open it now."""
        earlier = self.earlier_secret_until is not None and self.earlier_secret_until > now
        return tuple(
            known
            for known in (self.secret_hash, self.earlier_secret_hash if earlier else None)
            if known is not None
        )


@dataclass(frozen=True)
class SigningKey:
    """A key tokens are signed with. `private` is encrypted; a later generation replaces an earlier one."""

    generation: int
    kid: str
    algorithm: str
    public: dict[str, Any]
    private: str = field(repr=False)
    published_at: datetime
    active_at: datetime


@dataclass(frozen=True)
class Grant:
    """What one authorization gave: its code, and the family of refresh tokens that came from it.

    It goes with the session it was given in, and with every raised epoch. `session_id` is None once that session
    ran out by itself: what was granted then lives on within its own limits.
    """

    id: UUID
    client_id: str
    user_id: UUID
    session_id: UUID | None
    epoch: int
    scopes: tuple[str, ...]
    auth_time: datetime
    amr: tuple[str, ...]
    redirect_uri: str
    challenge: str
    nonce: str | None
    code_hash: bytes = field(repr=False)
    code_expires_at: datetime
    redeemed_at: datetime | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class RefreshToken:
    """One of a family; good once."""

    token_hash: bytes = field(repr=False)
    grant_id: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True)
class AccessToken:
    """What was said when an access token was given out, found by the SHA-256 of the whole token."""

    id: UUID
    client_id: str
    grant_id: UUID | None
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Caller:
    """Who calls with an access token: a client in its own name, or for a reader."""

    token: AccessToken
    user: User | None

    @property
    def client_id(self) -> str:
        return self.token.client_id

    @property
    def scopes(self) -> tuple[str, ...]:
        return self.token.scopes

    @property
    def subject(self) -> str:
        return str(self.user.id) if self.user else self.token.client_id


@dataclass(frozen=True)
class Consent:
    """What a reader lets a client know."""

    user_id: UUID
    client_id: str
    scopes: tuple[str, ...]
    granted_at: datetime


class Signer(Protocol):
    """Makes keys and signs with them; the vendor's half of the provider."""

    algorithm: str

    def new_key(self) -> tuple[str, dict[str, Any], str]:
        """Return a key's id, its public JWK and its private part as text."""

    def sign(self, claims: dict[str, Any], *, kid: str, private: str, kind: str) -> str:
        """Return a JWT whose header has the `typ` `kind`."""

    def read(self, token: str, keys: list[dict[str, Any]], *, kind: str) -> dict[str, Any] | None:
        """Return the claims of a JWT one of the public keys has signed; None for anything else."""


def claims_of(user: User, scopes: tuple[str, ...]) -> dict[str, Any]:
    """What a client may know of a reader, by scope (OpenID Connect Core, section 5.4)."""
    claims: dict[str, Any] = {"sub": str(user.id)}
    if "profile" in scopes:
        claims |= {"name": user.name, "locale": user.locale}
    if "email" in scopes and user.email is not None:
        claims |= {"email": user.email, "email_verified": user.email_verified}
    return {name: value for name, value in claims.items() if value is not None}
