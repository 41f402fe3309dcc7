"""What is heard of a letter after it has left, and which addresses therefore get none any more."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

MESSAGE_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>@\s]+>?", re.IGNORECASE)
STATUS_CODE = re.compile(r"(?:^|\D)([245]\.\d{1,3}\.\d{1,3})(?!\d)")
# RFC 3463: what a 5.x.x says of us or of today, and not of the mailbox
FULL_MAILBOX = frozenset({"5.2.2"})
NOT_THE_MAILBOX = ("5.3.", "5.4.", "5.5.", "5.6.", "5.7.")


class EventKind(StrEnum):
    """What happened to a letter, or was done with it. `REJECTED` is not held against the address."""

    BOUNCED = "bounced"
    BOUNCED_SOFTLY = "bounced_softly"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    OPENED = "opened"
    USED = "used"


class Reason(StrEnum):
    """Why an address gets no letters, the weakest first: a stronger reason replaces a weaker one."""

    FORWARDING_OFF = "forwarding_off"
    SOFT_BOUNCES = "soft_bounces"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"

    @property
    def strength(self) -> int:
        return list(Reason).index(self)


@dataclass(frozen=True)
class MailEvent:
    """One thing heard of a letter. Of events with one `key` only the first is kept: reports come twice."""

    kind: EventKind
    canonical: str
    at: datetime
    key: str
    row_id: UUID | None = None
    user_id: UUID | None = None
    detail: str = ""


@dataclass(frozen=True)
class Suppression:
    """An address that gets no letters. `source` is who said so; `expires_at` is empty for what does not mend itself."""

    canonical: str
    reason: Reason
    source: str
    since: datetime
    detail: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class MailReport:
    """A bounce or complaint as somebody reports it. `address` may be left out where `row_id` says which letter."""

    kind: EventKind
    source: str
    key: str
    address: str = ""
    row_id: UUID | None = None
    detail: str = ""


@dataclass(frozen=True)
class Notification:
    """A webhook's call as it came: the bytes that are signed, headers in lower case, the password of basic auth."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    password: str = field(default="", repr=False)


class MailEvents(Protocol):
    """A vendor that tells of bounces and complaints."""

    def read(self, notification: Notification, now: datetime) -> list[MailReport]:
        """Return what it reports that concerns us.

        Raises `InvalidNotification` for what the vendor did not say, or said too long ago, `Unavailable` where that
        cannot be told right now.
        """


def row_of(message_id: object) -> UUID | None:
    """Return the outbox row a Message-ID of ours names, None for anybody else's."""
    found = MESSAGE_ID.fullmatch(message_id.strip()) if isinstance(message_id, str) else None
    return UUID(found[1]) if found else None


def status_in(answer: str) -> str:
    """Return the enhanced status code of a server's answer (RFC 3463), empty where it has none."""
    found = STATUS_CODE.search(answer[:200])
    return found[1] if found else ""


def what_it_means(status: str) -> EventKind:
    """Tell what a failure with this enhanced status, or with none, says of the mailbox.

    A server that refuses us, our content or our size says nothing about the reader (RFC 3463, 3.4 to 3.8).
    """
    if status in FULL_MAILBOX or status.startswith("4."):
        return EventKind.BOUNCED_SOFTLY
    return EventKind.REJECTED if status.startswith(NOT_THE_MAILBOX) else EventKind.BOUNCED


def told(detail: object) -> str:
    """Return what somebody else wrote as one printable line that any database takes."""
    text = str(detail)[:1000]
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
