"""The small values flows, store and front ends exchange."""

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

import uuid_utils.compat

from service.core.addresses import Address
from service.core.devices import describe_device


def new_secret() -> str:
    """Return 256 fresh random bits, URL-safe: what a cookie carries."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return the SHA-256 of a random secret: what the database keeps of it (32 bytes)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): opaque to people, in order of time to an index."""
    return uuid_utils.compat.uuid7()


@dataclass(frozen=True)
class Visit:
    """Who is asking, as far as a request tells: network address, user agent, language.

    `browser` is the secret of the cookie by which a browser is known again, "" for none.
    """

    ip: str
    agent: str = ""
    locale: str = "en"
    browser: str = field(default="", repr=False)

    @property
    def device(self) -> str:
        """The browser in a reader's words."""
        return describe_device(self.agent)

    @property
    def network(self) -> str:
        """What throttles count as one client: an IPv4 address, an IPv6 /64."""
        if ":" not in self.ip:
            return self.ip
        return str(ipaddress.ip_network((self.ip, 64), strict=False))


@dataclass(frozen=True)
class NewsletterConsent:
    """A reader's yes to the newsletter and what proves it."""

    at: datetime
    ip: str
    wording: str


@dataclass(frozen=True)
class User:
    """An account. `email` is the address as its owner proved it, `canonical` the form that is unique.

    Both are None for an account from a provider that told no address (schools' managed Apple Accounts).
    The letters are the newest of their kind, whose links work; `erases_at` is when the account goes, `second_factor`
    whether signing in asks for one.
    """

    id: UUID
    email: str | None
    canonical: str | None
    created_at: datetime
    email_verified_at: datetime | None = None
    name: str | None = None
    locale: str | None = None
    roles: tuple[str, ...] = ()
    password_hash: str | None = field(default=None, repr=False)
    credential_epoch: int = 0
    reset_letter: UUID | None = None
    newsletter: NewsletterConsent | None = None
    disabled_at: datetime | None = None
    providers: tuple[str, ...] = ()
    login_letter: UUID | None = None
    email_letter: UUID | None = None
    erases_at: datetime | None = None
    second_factor: bool = False

    @property
    def mailbox(self) -> Address:
        """The address, of an account that was found by it or told to have one. Raises `ValueError`."""
        if self.email is None or self.canonical is None:
            raise ValueError("an account without an address")
        return Address(self.email, self.canonical)

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None

    @property
    def has_password(self) -> bool:
        return self.password_hash is not None

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None


@dataclass(frozen=True)
class PendingSignup:
    """A sign-up whose mailbox is not proven yet. It is no account and opens nothing."""

    id: UUID
    email: str
    canonical: str
    password_hash: str = field(repr=False)
    binding_hash: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime
    name: str | None = None
    locale: str | None = None
    next: str | None = None
    newsletter: NewsletterConsent | None = None


@dataclass(frozen=True)
class EmailUndo:
    """An address an account had before a change, for the link that brings it back."""

    id: UUID
    user_id: UUID
    email: str
    canonical: str
    changed_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Session:
    """A signed-in browser. The cookie's secret is not in here; the store keeps its SHA-256.

    `expires_at` is the absolute end; `idle_until` the earlier one that moves with every use.
    """

    id: UUID
    user_id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle_until: datetime
    auth_time: datetime
    amr: tuple[str, ...]
    epoch: int
    remember: bool
    ip: str = ""
    agent: str = ""


class Priority(IntEnum):
    """Which rows of the outbox go first; lower is sooner."""

    RESET = 0
    VERIFY = 10
    NOTICE = 20
    WEBHOOK = 30


LETTERS = (Priority.RESET, Priority.VERIFY, Priority.NOTICE)


class Outcome(StrEnum):
    """How an outbox row ended."""

    SENT = "sent"
    NO_ACCOUNT = "no_account"
    SUPERSEDED = "superseded"
    THROTTLED = "throttled"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    REFUSED = "refused"
    BROKEN = "broken"


@dataclass(frozen=True)
class OutboxRow:
    """An intention to tell somebody something: who, which letter, context. Never a usable token.

    `fence` rises with every claim; settling needs the fence of the claim, so a worker that slept through
    its lease cannot settle what another one took over. `rendered_at` is the instant the letter in flight
    was signed at: while a copy may have left, a retry repeats that very letter.

    Rows of one `lane` go one after the other; `behind` is until when an earlier one of it waits, if one does.
    """

    id: UUID
    letter: str
    address: str
    canonical: str
    created_at: datetime
    expires_at: datetime
    priority: Priority = Priority.NOTICE
    user_id: UUID | None = None
    context: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    fence: int = 0
    rendered_at: datetime | None = None
    lane: str | None = None
    turn: int | None = None
    behind: datetime | None = None


@dataclass(frozen=True)
class LetterRecord:
    """What the outbox remembers of a letter, sent or not. `answer` is the mail server's last, with its queue id."""

    id: UUID
    letter: str
    canonical: str
    user_id: UUID | None
    created_at: datetime
    due_at: datetime
    settled_at: datetime | None
    outcome: Outcome | None
    answer: str
    attempts: int


@dataclass(frozen=True)
class Letter:
    """A letter ready to be rendered: the folder below `templates/letters/`, to whom, with what."""

    name: str
    to: str
    locale: str
    context: dict[str, Any] = field(repr=False)
