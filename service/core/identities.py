"""Identities at other providers: what a provider says of somebody, and what we keep of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from service.core.addresses import Address


@dataclass(frozen=True)
class ExternalProfile:
    """Who somebody is at a provider, every claim checked. `issuer` and `subject` alone say who.

    `verified` tells whether the provider says that the mailbox is theirs, `authoritative` whether it runs that
    mailbox itself, so that nobody else could hold it.
    """

    provider: str
    issuer: str
    subject: str
    address: Address | None = None
    verified: bool = False
    authoritative: bool = False
    name: str | None = None
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Identity:
    """An account's identity at a provider. `refresh_token` is encrypted; `email` is what the provider said last."""

    id: UUID
    user_id: UUID
    provider: str
    issuer: str
    subject: str
    email: str | None
    refresh_token: str | None = field(repr=False)
    blocked_at: datetime | None
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Attempt:
    """A sign-in that is away at a provider: bound to one browser, good once.

    `session_id` is set when a signed-in reader links the provider; only that session may finish it.
    """

    state_hash: bytes = field(repr=False)
    browser_hash: bytes = field(repr=False)
    provider: str
    next: str | None
    session_id: UUID | None
    expires_at: datetime
    handle_hash: bytes | None = field(default=None, repr=False)
    parked: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PendingIdentity:
    """An identity that waits until the reader in one browser proves the mailbox or the account it names."""

    id: UUID
    browser_hash: bytes = field(repr=False)
    provider: str
    issuer: str
    subject: str
    email: str
    canonical: str
    name: str | None
    refresh_token: str | None = field(repr=False)
    next: str | None
    locale: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Answer:
    """What came back from a provider's sign-in page, whether in a query or in Apple's form.

    `user` is Apple's JSON about the reader: unsigned, from the browser, and never more than a name.
    """

    state: str = ""
    code: str = field(default="", repr=False)
    error: str = ""
    issuer: str | None = None
    user: str = field(default="", repr=False)


@dataclass(frozen=True)
class Redemption:
    """What turns a code into a profile: the proofs that the attempt was ours (RFC 7636, OpenID Connect Core)."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    user: str = field(default="", repr=False)


class EventKind(StrEnum):
    """What a provider may tell us behind the reader's back."""

    MAIL_DISABLED = "mail_disabled"
    MAIL_ENABLED = "mail_enabled"
    CONSENT_REVOKED = "consent_revoked"
    ACCOUNT_DELETED = "account_deleted"
    SESSIONS_REVOKED = "sessions_revoked"
    HIJACKED = "hijacked"
    RECOVERED = "recovered"
    NOTED = "noted"


@dataclass(frozen=True)
class ProviderEvent:
    """Something that happened to an identity at its provider."""

    kind: EventKind
    issuer: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Notification:
    """A provider's signed message: what happened, and the `jti` that makes it count once."""

    jti: str
    events: tuple[ProviderEvent, ...]


class IdentityProvider(Protocol):
    """Somebody else who knows who a reader is.

    Every call may raise `ProviderUnavailable`; what a provider says is refused with `InvalidIdToken`.
    """

    @property
    def name(self) -> str:
        """How paths and the API call it."""

    @property
    def label(self) -> str:
        """How readers know it."""

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the reader is sent."""

    def check_issuer(self, issuer: str | None) -> None:
        """Compare the `iss` of an answer (RFC 9207). Raises `InvalidIdToken`."""

    def redeem(self, redemption: Redemption) -> ExternalProfile:
        """Exchange a code. Raises `SignInRefused` for one the provider does not know."""

    def read_id_token(self, token: str, *, nonce: str | None) -> ExternalProfile:
        """Check an ID token a page or an app was given; a token with a nonce needs that nonce."""

    def read_notification(self, body: str) -> Notification:
        """Check a message sent to `/events/{provider}`. Raises `InvalidNotification`."""

    def revoke(self, refresh_token: str) -> str:
        """Give a grant back; return the provider's answer."""


class Vault(Protocol):
    """Keeps secrets of others at rest, encrypted under the service's keys."""

    def lock(self, secret: str) -> str: ...

    def unlock(self, locked: str) -> str | None:
        """Return the secret; None when no key of ours opens it any more."""
