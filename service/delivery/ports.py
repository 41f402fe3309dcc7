"""The worker's half of the store, as Protocols. `service.core.ports` has the half of the flows."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from service.core.mail_repositories import Outbox
from service.core.ports import UnitOfWork
from service.core.values import LETTERS, OutboxRow, Outcome, Priority


class DeliveryOutbox(Outbox, Protocol):
    """Rows on their way. What changes a row answers False when its fence is no longer the row's."""

    def claim(
        self, now: datetime, *, lease: timedelta, limit: int, queue: Sequence[Priority] = LETTERS
    ) -> Sequence[OutboxRow]:
        """Take up to `limit` due rows of the kinds in `queue` for `lease`, the most urgent first.

        Fence and attempts rise by one.
        """

    def rendering(self, row: OutboxRow, at: datetime) -> bool:
        """Note the instant the letter in flight is signed at."""

    def settle(self, row: OutboxRow, outcome: Outcome, *, at: datetime, answer: str = "") -> bool:
        """End a row and erase its context; the next one of its lane is due."""

    def release(self, row: OutboxRow, *, due_at: datetime, answer: str, forget_rendering: bool) -> bool:
        """Give a row back for another try at `due_at`."""

    def step_back(self, rows: Sequence[OutboxRow], *, due_at: datetime) -> None:
        """Give rows back untried, as if they had not been claimed."""

    def purge(self, before: datetime) -> int:
        """Delete rows settled before an instant; how many."""


class DeliveryUnit(UnitOfWork, Protocol):
    """A unit of work as the worker sees it."""

    @property
    def outbox(self) -> DeliveryOutbox: ...


class DeliveryStore(Protocol):
    """Where the worker's transactions begin. `write` raises `Unavailable` when the database is away."""

    def write(self) -> AbstractContextManager[DeliveryUnit]: ...


class OnRefusal(Protocol):
    """Hear that a mail server will never take letters for a recipient, within the settling transaction."""

    def __call__(self, row: OutboxRow, uow: UnitOfWork, answer: str) -> None: ...


class OnResult(Protocol):
    """Hear how a call went, within the transaction that notes it; no `outcome` means that it is tried again."""

    def __call__(self, row: OutboxRow, uow: UnitOfWork, outcome: Outcome | None, answer: str) -> None: ...
