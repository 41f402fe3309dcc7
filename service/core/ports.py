"""What flows need from the outside, as Protocols. `service.wiring` supplies the real ones."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from service.core.mail_events import EventKind, MailEvent, Reason, Suppression
from service.core.throttles import Rule
from service.core.values import (
    Letter,
    LetterRecord,
    OutboxRow,
    Outcome,
    PendingSignup,
    Priority,
    Session,
    User,
    Visit,
)


class Clock(Protocol):
    """Tell the time, aware UTC."""

    def __call__(self) -> datetime: ...


class Users(Protocol):
    """The accounts."""

    def by_id(self, user_id: UUID) -> User | None: ...

    def by_address(self, canonical: str) -> User | None: ...

    def add(self, user: User) -> bool:
        """Insert; False when another account has the address."""

    def set_password(
        self,
        user_id: UUID,
        password_hash: str,
        *,
        if_epoch: int,
        at: datetime,
        if_reset_letter: UUID | None = None,
    ) -> bool:
        """Set the password, raise the epoch, forget the reset letter; False when the account moved on."""

    def verify_email(self, user_id: UUID, *, at: datetime) -> bool:
        """Mark the address proven; False when it already was."""

    def rehash(self, user_id: UUID, password_hash: str, *, if_hash: str) -> bool:
        """Store the same password under newer parameters; the epoch stays."""

    def raise_epoch(self, user_id: UUID) -> int | None:
        """Kill every session and link made so far; the new epoch, None for an unknown id."""

    def newest_reset_letter(self, user_id: UUID, letter: UUID) -> bool:
        """Make `letter` the only one whose link works; False when a newer one already is."""

    def set_disabled(self, user_id: UUID, at: datetime | None) -> bool:
        """Disable (and raise the epoch) or enable; False when it already was so or is unknown."""


class Signups(Protocol):
    """Sign-ups that wait for their mailbox to be proven."""

    def add(self, signup: PendingSignup) -> None: ...

    def get(self, signup_id: UUID) -> PendingSignup | None: ...

    def take(self, signup: PendingSignup) -> bool:
        """Delete one and all others for its address; True for exactly one of any number of callers."""

    def discard(self, canonical: str) -> None:
        """Delete all for an address."""

    def purge(self, now: datetime) -> int: ...


class Sessions(Protocol):
    """The signed-in browsers."""

    def add(self, session: Session, secret_hash: bytes) -> None: ...

    def of(self, user_id: UUID, now: datetime) -> Sequence[Session]:
        """Those alive, last used first."""

    def touch(self, session_id: UUID, *, seen_at: datetime, idle_until: datetime, ip: str) -> None: ...

    def end(self, session_id: UUID, *, user_id: UUID) -> bool: ...

    def end_by_hash(self, secret_hash: bytes) -> Session | None: ...

    def end_all(self, user_id: UUID, *, but: UUID | None = None) -> int: ...

    def renew(self, session_id: UUID, *, epoch: int, secret_hash: bytes) -> None:
        """Carry one session over a raised epoch, under a new secret."""

    def purge(self, now: datetime) -> int: ...


class Outbox(Protocol):
    """What is to be told. The worker's half (claim, settle) is in `service.delivery.ports`."""

    def add(
        self,
        letter: str,
        *,
        address: str,
        canonical: str,
        at: datetime,
        expires_in: timedelta,
        priority: Priority,
        user_id: UUID | None = None,
        context: dict[str, Any] | None = None,
        outcome: Outcome | None = None,
    ) -> UUID:
        """Insert a row; with `outcome` it is settled at birth and only kept for the record."""

    def waiting_since(self, now: datetime) -> datetime | None:
        """Since when the longest due row waits for a worker; None when none does."""

    def told_since(self, letter: str, canonical: str, since: datetime) -> bool:
        """Whether a letter of that kind went to the address after `since`."""

    def record(self, row_id: UUID) -> LetterRecord | None:
        """What is known of one letter."""

    def history(self, canonical: str | None, user_id: UUID | None = None) -> Sequence[LetterRecord]:
        """Every letter to an address, or about an account, that is still on record; the oldest first."""


class SuppressionList(Protocol):
    """Addresses that get no letters."""

    def active(self, canonical: str, now: datetime) -> Suppression | None: ...

    def all(self, now: datetime) -> Sequence[Suppression]: ...

    def put(self, suppression: Suppression) -> None:
        """Add an address, or replace what was said of it."""

    def lift(self, canonical: str, *, reasons: Collection[Reason] = tuple(Reason)) -> bool:
        """Take an address off if it is on for one of the reasons; whether it was."""

    def purge(self, now: datetime) -> int: ...


class MailEvents(Protocol):
    """What was heard of letters after they left."""

    def add(self, event: MailEvent) -> bool:
        """Keep an event; False when one with its key is here already."""

    def knows(self, key: str) -> bool: ...

    def count(self, canonical: str, kind: EventKind, *, since: datetime) -> int: ...

    def of_address(self, canonical: str) -> Sequence[MailEvent]: ...

    def of_user(self, user_id: UUID) -> Sequence[MailEvent]: ...

    def purge(self, before: datetime) -> int: ...


class Audit(Protocol):
    """What happened, for people who ask later."""

    def record(
        self, kind: str, *, at: datetime, user_id: UUID | None = None, visit: Visit | None = None, **data: Any
    ) -> None: ...


class UnitOfWork(Protocol):
    """One transaction and the repositories that work in it."""

    @property
    def users(self) -> Users: ...

    @property
    def signups(self) -> Signups: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def suppressions(self) -> SuppressionList: ...

    @property
    def mail_events(self) -> MailEvents: ...

    @property
    def audit(self) -> Audit: ...


class Store(Protocol):
    """Where transactions begin. Leaving the block commits, an exception rolls back.

    Both raise `Unavailable` when the database is away, locked for too long or read-only.
    """

    def write(self) -> AbstractContextManager[UnitOfWork]: ...

    def read(self) -> AbstractContextManager[UnitOfWork]: ...

    def signed_in(self, secret_hash: bytes, now: datetime) -> tuple[User, Session] | None:
        """The live session behind a cookie, in one look-up."""


class Passwords(Protocol):
    """Hashing with a budget. Both raise `Unavailable` when the queue is full."""

    def hash(self, password: str) -> str: ...

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Compare; None costs the same as a hash and is False."""

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""


class Throttles(Protocol):
    """Counters by named rule (`service.core.throttles`)."""

    def take(self, rule: Rule, key: str) -> None:
        """Count one; raises `RateLimited` when there is no room left."""

    def allows(self, rule: Rule, key: str) -> bool:
        """Count one; False when there is no room left."""

    def give_back(self, rule: Rule, key: str) -> None:
        """Uncount one."""

    def clear(self, rule: Rule, key: str) -> None: ...


class Prepare(Protocol):
    """Turn one outbox row into the letter it asks for, or into the reason why there is none.

    Runs in the worker inside its transaction; every letter's flow provides one.
    """

    def __call__(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome: ...
