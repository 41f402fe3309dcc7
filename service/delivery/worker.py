"""The worker: claims due rows as senders become idle, and keeps the house in between."""

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from service.core.bounce_addresses import BounceAddresses
from service.core.errors import Unavailable
from service.core.faults import described
from service.core.mail import Errand, Transport
from service.core.ports import Clock, Prepare
from service.delivery.addresses import wire_mailbox
from service.delivery.chores import Chores
from service.delivery.claims import Claim, Claims
from service.delivery.dispatch import Dispatch
from service.delivery.letters import Letters
from service.delivery.politeness import Politeness
from service.delivery.ports import DeliveryStore, OnRefusal
from service.delivery.senders import Senders
from service.delivery.ways import Way

logger = logging.getLogger(__name__)

POLL = 0.5  # seconds between looks at an empty outbox
POLL_AFTER_TROUBLE = 1.0
KEEP_SETTLED = timedelta(days=90)
GRACE = timedelta(seconds=30)


def around_one() -> float:
    """Return a factor from 0.5 to 1.5, so that what failed together does not come back together."""
    return random.uniform(0.5, 1.5)  # noqa: S311  # spreads load, hides nothing


class Worker:
    """Empties the outbox with `senders` threads. Any number of workers may run on one database.

    `prepare` maps the name of a letter to the flow that decides about it, `errands` the name of a call to
    another service to what makes it; `transports` are tried in order. A recipient's domain gets letters from
    `domain_senders` of the threads at once and, if more than 0, `domain_rate` a second. `bounces` gives every
    letter an address its bounces go to; without it they go to the sender. `chores` are done every few minutes.
    A claim holds for `lease`: longer than two transports may take.
    """

    def __init__(
        self,
        store: DeliveryStore,
        prepare: Mapping[str, Prepare],
        letters: Letters,
        transports: Sequence[Transport],
        clock: Clock,
        *,
        sender: str,
        reply_to: str | None = None,
        errands: Mapping[str, Errand] | None = None,
        chores: Sequence[Callable[[], object]] = (),
        senders: int = 8,
        domain_senders: int = 5,
        domain_rate: float = 0.0,
        lease: timedelta = timedelta(seconds=60),
        grace: timedelta = GRACE,
        keep_settled: timedelta = KEEP_SETTLED,
        jitter: Callable[[], float] = around_one,
        on_refusal: OnRefusal,
        bounces: BounceAddresses | None = None,
    ) -> None:
        if not transports:
            raise ValueError("a worker needs a transport")
        self._store, self._transports, self._clock = store, transports, clock
        self._dispatch = Dispatch(
            store,
            prepare,
            errands or {},
            letters,
            [Way(transport, clock) for transport in transports],
            Claims(clock, lease, Politeness(domain_senders, domain_rate)),
            clock,
            sender=wire_mailbox(sender),
            reply_to=wire_mailbox(reply_to) if reply_to else None,
            jitter=jitter,
            on_refusal=on_refusal,
            bounces=bounces,
        )
        self._senders, self._grace, self._keep_settled = senders, grace, keep_settled
        self._chores = chores

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish what is in hand, up to the grace, and return."""
        logger.info("the worker starts", extra={"event": "worker.start", "senders": self._senders})
        senders = Senders(self._senders, lambda claim: self._deliver_until(stop, claim))
        chores = self.chores()
        while not stop.is_set():
            stop.wait(self._turn(senders, senders.wait_for_idle(POLL), chores))
        senders.finish(self._grace.total_seconds())
        self._close()
        logger.info("the worker stops", extra={"event": "worker.stop"})

    def drain(self) -> int:
        """Deliver everything due now in the calling thread; how many rows were settled or released.

        Raises `Unavailable` when the database is away.
        """
        count = 0
        claim = next(iter(self._dispatch.claim(1)), None)
        while claim is not None:
            claim.follow = True
            self._dispatch.deliver(claim)
            count += claim.ended
            claim = claim.next or next(iter(self._dispatch.claim(1)), None)
        self._close()
        return count

    def chores(self) -> Chores:
        """What a running worker does besides."""
        return Chores(self._store, self._transports, self._clock, self._keep_settled, self._chores)

    def _turn(self, senders: Senders, idle: int, chores: Chores) -> float:
        """Claim for the idle senders; how many seconds to wait before the next turn.

        Busy senders claim for themselves.
        """
        try:
            claims = self._dispatch.claim(idle) if idle else []
            senders.hand(claims)
            chores.look_after(busy=bool(claims) or not senders.all_idle)
        except Unavailable:
            logger.warning("the database is away", extra={"event": "worker.database_away"})
            return POLL_AFTER_TROUBLE
        except Exception as error:
            logger.error("the worker stumbled", extra={"event": "worker.stumble", **described(error)})
            return POLL_AFTER_TROUBLE
        return 0.0 if len(claims) == idle else POLL

    def _deliver_until(self, stop: threading.Event, first: Claim) -> None:
        """Deliver a row and those claimed along the way; when the worker is to stop give the rest back."""
        claim: Claim | None = first
        try:
            while claim is not None and not stop.is_set():
                claim.follow = True
                self._dispatch.deliver(claim)
                claim = claim.next
            if claim is not None:
                self._dispatch.put_back(claim)
        except Exception as error:
            logger.error("a sender stumbled", extra={"event": "worker.stumble", **described(error)})

    def _close(self) -> None:
        for transport in self._transports:
            transport.close()
