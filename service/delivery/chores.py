"""What the worker does besides: throwing away what is over, and ending connections nobody uses."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from service.core.mail import Transport
from service.core.ports import Clock
from service.core.webhooks import KEEP_EVENTS
from service.delivery.ports import DeliveryStore
from service.flows.devices import REMEMBERED as KEEP_DEVICES

logger = logging.getLogger(__name__)

PURGE_EVERY = 300.0  # seconds
CONNECTIONS_IDLE = 60.0  # seconds


@dataclass
class Chores:
    """`keep_settled` is how long the record of a letter, and of what was heard of it, is kept.

    `further` are done with every purge.
    """

    store: DeliveryStore
    transports: Sequence[Transport]
    clock: Clock
    keep_settled: timedelta
    further: Sequence[Callable[[], object]] = ()
    _purge_at: float = field(default=0.0, init=False)
    _busy_at: float = field(default_factory=time.monotonic, init=False)
    _connected: bool = field(default=True, init=False)

    def look_after(self, *, busy: bool) -> None:
        """Do what is due. `busy` tells whether any letter is on its way. Raises `Unavailable`."""
        now = time.monotonic()
        if busy:
            self._busy_at, self._connected = now, True
        elif self._connected and now - self._busy_at > CONNECTIONS_IDLE:
            self._connected = False
            for transport in self.transports:
                transport.close()
        if now >= self._purge_at:
            self._purge_at = now + PURGE_EVERY
            self._purge()
            for chore in self.further:
                chore()

    def _purge(self) -> None:
        now = self.clock()
        with self.store.write() as uow:
            signups = uow.signups.purge(now)
        with self.store.write() as uow:
            sessions = uow.sessions.purge(now)
        with self.store.write() as uow:
            identities = uow.attempts.purge(now) + uow.pending_identities.purge(now) + uow.spent.purge(now)
        with self.store.write() as uow:
            second_steps = uow.second_steps.purge(now) + uow.ceremonies.purge(now)
        with self.store.write() as uow:
            grants = uow.access_tokens.purge(now) + uow.grants.purge(now)
        with self.store.write() as uow:
            answers = uow.answers.purge(now)
        with self.store.write() as uow:
            undos = uow.addresses.purge(now)
        with self.store.write() as uow:
            devices = uow.devices.purge(now - KEEP_DEVICES)
            guesses = uow.guesses.purge(now)
        with self.store.write() as uow:
            outbox = uow.outbox.purge(now - self.keep_settled)
        with self.store.write() as uow:
            webhook_events = uow.webhooks.purge(now - KEEP_EVENTS)
        with self.store.write() as uow:
            mail_events = uow.mail_events.purge(now - self.keep_settled)
            suppressions = uow.suppressions.purge(now)
        counts = {
            "signups": signups,
            "sessions": sessions,
            "identities": identities,
            "second_steps": second_steps,
            "grants": grants,
            "answers": answers,
            "undos": undos,
            "devices": devices,
            "guesses": guesses,
            "outbox": outbox,
            "webhook_events": webhook_events,
            "mail_events": mail_events,
            "suppressions": suppressions,
        }
        if any(counts.values()):
            logger.info("what was over is gone", extra={"event": "worker.purge", **counts})
