"""What flows and the worker ask of the tables of letters; the store answers."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from service.core.mail_events import EventKind, MailEvent, Reason, Suppression
from service.core.values import LetterRecord, Outcome, Priority


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

    def waiting(self, now: datetime, *, at_most: int) -> int:
        """How many rows are due, counted up to `at_most`."""

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
