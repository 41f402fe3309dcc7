"""A post office for tests: a real database, a real mail server, a worker between them, and a clock to turn."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.adapters.transports import open_transport
from service.core.brand import Brand
from service.core.mail import Transport
from service.core.ports import Prepare, UnitOfWork
from service.core.tokens import Purpose, Tokens
from service.core.values import Letter, OutboxRow, Outcome, Priority
from service.delivery.letters import Letters
from service.delivery.worker import Worker
from service.flows.suppressions import Suppressions
from service.store.database import open_engine
from service.store.schema_mail import OutboxTable
from service.store.store import SqlStore
from tests.support.smtp import SmtpSink

TEMPLATES = Path(__file__).parents[2] / "templates"
BRAND = Brand("The Masthead", "https://example.org", "mailto:help@example.org", None, "#123456")
SENDER = "The Masthead <accounts@example.org>"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIFE = timedelta(hours=1)


class Clock:
    """Stands at noon until it is turned."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **span: float) -> None:
        self.now += timedelta(**span)


def reset_letter(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
    """A reset letter as the flow writes it, without an account behind it."""
    token = Tokens([b"a-key-for-tests-only"], Clock()).sign(
        Purpose.PASSWORD_RESET, {"row": row.id.hex}, at=signed_at
    )
    context: dict[str, Any] = {
        "name": row.context.get("name"),
        "link": f"https://example.org/reset-password?token={token}",
        "minutes": 60,
        "has_password": True,
        "providers": [],
        "verified": True,
    }
    return Letter("password_reset", row.address, "en", context)


BOOK: Mapping[str, Prepare] = {"password_reset": reset_letter}


@dataclass
class Office:
    """`office.add("ada@example.org")`, `office.worker().drain()`, `office.row(id)["outcome"]`."""

    database_url: str
    smtp: SmtpSink
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.store = SqlStore(open_engine(self.database_url))

    def add(
        self,
        address: str,
        *,
        letter: str = "password_reset",
        expires_in: timedelta = LIFE,
        priority: Priority = Priority.RESET,
        context: dict[str, Any] | None = None,
    ) -> UUID:
        with self.store.write() as uow:
            return uow.outbox.add(
                letter,
                address=address,
                canonical=address.lower(),
                at=self.clock(),
                expires_in=expires_in,
                priority=priority,
                context=context,
            )

    def transport(self, url: str | None = None, *, letter_timeout: float = 5) -> Transport:
        return open_transport(url or self.smtp.url, letter_timeout=timedelta(seconds=letter_timeout))

    def worker(
        self, *, transports: Sequence[Transport] = (), book: Mapping[str, Prepare] = BOOK, **options: Any
    ) -> Worker:
        settings: dict[str, Any] = {
            "sender": SENDER,
            "jitter": lambda: 1.0,
            "clock": self.clock,
            "domain_senders": 100,  # rows that step back wait by the clock, which stands
            "on_refusal": Suppressions(self.store, self.clock).refused,
            **options,
        }
        letters = settings.pop("letters", None) or Letters(TEMPLATES, None, BRAND)
        store = settings.pop("store", self.store)
        return Worker(store, book, letters, list(transports) or [self.transport()], **settings)

    @contextmanager
    def working(self, worker: Worker) -> Iterator[threading.Thread]:
        """Let a worker run beside the test."""
        stop = threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield thread
        finally:
            stop.set()
            thread.join(40)
            assert not thread.is_alive()

    def rows(self) -> list[dict[str, Any]]:
        """Every row as the database has it, oldest first."""
        columns = OutboxTable.__table__
        with self.store.engine.begin() as connection:
            found = connection.execute(select(columns).order_by(columns.c.created_at, columns.c.id))
            return [dict(row._mapping) for row in found]

    def row(self, row_id: UUID) -> dict[str, Any]:
        (row,) = (row for row in self.rows() if row["id"] == row_id)
        return row

    def outcomes(self) -> dict[str, str | None]:
        return {row["address"]: row["outcome"] for row in self.rows()}

    def close(self) -> None:
        self.store.engine.dispose()
