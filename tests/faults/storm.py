"""Many readers ask for letters while everything fails; and what must be true of it afterwards.

The history is what callers were told, noted by themselves: an address is accepted once somebody read a 202 for it.
The mail server of the tests keeps every copy. Between the two nothing else is believed.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import httpx2
from sqlalchemy import func, select, update

from service.core.mail_events import row_of
from service.core.values import User, new_id
from service.store.schema_mail import OutboxTable
from service.store.store import SqlStore
from tests.support.live import LiveService
from tests.support.smtp import SmtpSink, wait_until

SENDERS = 2  # in each worker: what one kill may repeat
CALLERS = 8
FORGOT = "/api/v1/password/forgot"


@dataclass
class History:
    """What callers saw. `tries` counts requests that may have been taken, answered or not."""

    accepted: list[str] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    copies_allowed: int = 0


@dataclass
class Storm:
    """Readers, the service as real processes, and a seeded sequence of misfortunes."""

    live: LiveService
    smtp: SmtpSink
    store: SqlStore
    seed: int
    restart_database: Callable[[], None] | None = None
    history: History = field(default_factory=History)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._over = threading.Event()

    def readers(self, count: int) -> list[str]:
        """Add accounts that have no password yet."""
        addresses = [f"reader{number}@{number % 7}.example" for number in range(count)]
        now = datetime.now(UTC)
        with self.store.write() as uow:
            for address in addresses:
                uow.users.add(User(new_id(), address, address, now, email_verified_at=now))
        return addresses

    def rage(self, addresses: Sequence[str], *, pause: float) -> None:
        """Ask for all addresses while things go wrong, one misfortune every `pause` seconds; then calm down."""
        for _ in range(2):
            self.live.start_worker()
        chaos = threading.Thread(target=self._chaos, args=(pause,), daemon=True)
        chaos.start()
        with ThreadPoolExecutor(CALLERS) as callers:
            list(callers.map(self._ask, addresses))
        self._over.set()
        chaos.join(60)
        assert not chaos.is_alive()

    def calm(self, timeout: float) -> None:
        """Let leases run out, and wait until every row is settled."""
        for worker in self.live.workers:
            self.live.kill(worker)
        self.history.copies_allowed += SENDERS * len(self.live.workers)
        with self.store.engine.execution_options(masthead_write=True).begin() as connection:
            connection.execute(update(OutboxTable).values(due_at=datetime.now(UTC)))
        self.live.start_worker()
        wait_until(lambda: self._unsettled() == 0, timeout, "every letter to be settled")

    def letters(self) -> dict[str, dict[UUID, list[str]]]:
        """The links that arrived, by address and letter."""
        found: dict[str, dict[UUID, list[str]]] = defaultdict(lambda: defaultdict(list))
        for letter in self.smtp.messages:
            row_id = row_of(letter.message["Message-ID"])
            assert row_id is not None
            (address,) = letter.recipients
            found[address][row_id].append(letter.link("/reset-password"))
        return found

    def _unsettled(self) -> int:
        with self.store.engine.begin() as connection:
            waiting = select(func.count()).where(OutboxTable.settled_at.is_(None))
            return int(connection.execute(waiting).scalar_one())

    def _ask(self, address: str) -> None:
        """Ask until somebody says yes, as an impatient reader does."""
        for _ in range(600):
            self.history.tries[address] += 1
            with suppress(httpx2.TransportError), self.live.client(verify=False) as client:
                answer = client.post(FORGOT, json={"email": address})
                assert answer.status_code in (202, 503), answer.text
                if answer.status_code == 202:
                    self.history.accepted.append(address)
                    return
            time.sleep(0.1)
        raise AssertionError(f"nobody took the request for {address}")

    def _chaos(self, pause: float) -> None:
        misfortunes = [
            self._kill_a_worker,
            self._kill_the_web_server,
            self._drop_before_the_yes,
            self._drop_after_the_yes,
            self._refuse_for_now,
            self._stall,
            self._lose_the_mail_server,
            *([self._lose_the_database] if self.restart_database else []),
        ]
        self._random.shuffle(misfortunes)
        turn = 0
        while not self._over.is_set() or turn < len(misfortunes):  # each at least once
            misfortunes[turn % len(misfortunes)]()
            turn += 1
            time.sleep(pause * self._random.uniform(0.5, 1.5))

    def _kill_a_worker(self) -> None:
        victim = self._random.choice(self.live.workers)
        self.live.kill(victim)
        self.live.workers.remove(victim)
        self.history.copies_allowed += SENDERS
        self.live.start_worker()

    def _kill_the_web_server(self) -> None:
        self.live.kill()
        self.live.start()

    def _drop_before_the_yes(self) -> None:
        self.history.copies_allowed += 2
        self.smtp.fault("message", drop=True, times=2)

    def _drop_after_the_yes(self) -> None:
        self.smtp.fault("accepted", drop=True, times=2)

    def _refuse_for_now(self) -> None:
        self.smtp.fault("rcpt", "451 4.7.1 greylisted", times=3)
        self.smtp.fault("mail", "421 4.3.2 busy", times=2)
        self.smtp.fault("data", "452 4.3.1 no room", times=2)

    def _stall(self) -> None:
        self.smtp.fault("rcpt", delay=2, times=2)

    def _lose_the_mail_server(self) -> None:
        self.history.copies_allowed += SENDERS * len(self.live.workers)  # letters whose answer was on its way
        self.smtp.stop()
        time.sleep(0.5)
        self.smtp.start()

    def _lose_the_database(self) -> None:
        assert self.restart_database is not None
        self.history.copies_allowed += SENDERS * len(self.live.workers)
        self.restart_database()
