"""What services and staff ask of the directory of accounts: the audit trail, and repeated requests."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypedDict
from uuid import UUID

from service.core.paging import Moment
from service.core.values import User


class AccountChanges(TypedDict, total=False):
    """What staff or a service changes of an account; what is left out stays."""

    name: str | None
    locale: str | None
    roles: Sequence[str]
    disabled: bool


@dataclass(frozen=True)
class AuditEvent:
    """Something that happened, from where, and in whose name (`by` in `data`, where it was not the reader's)."""

    id: UUID
    at: datetime
    kind: str
    user_id: UUID | None
    ip: str
    agent: str
    data: dict[str, Any]


@dataclass(frozen=True)
class AuditQuestion:
    """Which events: of one account, of one kind, from `since` on, before `until`."""

    user_id: UUID | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """A request as it may come again: whose, under which `Idempotency-Key`, and all that it says."""

    client_id: str
    key: str | None = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Done:
    """What was answered to a request, and the account it was about."""

    status: int
    body: dict[str, Any] | None
    user_id: UUID


class Directory(Protocol):
    """Accounts and events by the page."""

    def users(self, after: UUID, limit: int) -> Sequence[User]:
        """The accounts in the order of their ids."""

    def events(self, question: AuditQuestion, before: Moment, limit: int) -> Sequence[AuditEvent]:
        """Events, the newest first."""


class Answers(Protocol):
    """What was answered under an `Idempotency-Key`."""

    def begin(self, asked: Asked, fingerprint: bytes, *, at: datetime, expires_at: datetime) -> bool:
        """Take a key; False when it is taken. Whoever asks at the same time waits for this transaction."""

    def finish(self, asked: Asked, done: Done) -> None: ...

    def get(self, asked: Asked) -> tuple[bytes, Done] | None:
        """The fingerprint of the request the key was used for, and what was answered."""

    def purge(self, now: datetime) -> int: ...
