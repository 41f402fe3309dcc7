"""The worker: claims due rows as senders become idle, and keeps the house in between."""

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from service.core.bounce_addresses import BounceAddresses
from service.core.mail import Errand, Transport
from service.core.ports import Clock, Prepare
from service.core.tracing import Tracing
from service.delivery.addresses import wire_mailbox
from service.delivery.calls import CallQueue
from service.delivery.chores import Chores
from service.delivery.claims import Claims
from service.delivery.desk import Desk
from service.delivery.dispatch import Dispatch
from service.delivery.letters import Letters
from service.delivery.politeness import Politeness
from service.delivery.ports import DeliveryStore, OnRefusal
from service.delivery.ways import Way

logger = logging.getLogger(__name__)

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
    Each of `calls` is a queue with threads of its own. A claim holds for `lease`: longer than two transports may take.
    `tracing` hears of every try.
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
        calls: Sequence[CallQueue] = (),
        tracing: Tracing | None = None,
    ) -> None:
        if not transports:
            raise ValueError("a worker needs a transport")
        self._store, self._transports, self._clock = store, transports, clock
        self._senders, self._grace, self._keep_settled = senders, grace, keep_settled
        self._chores = chores
        dispatch = Dispatch(
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
            tracing=tracing,
        )
        self._letters = Desk(dispatch, senders, grace)
        self._calls = [Desk(_calling(dispatch, queue), queue.senders, grace) for queue in calls]

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish what is in hand, up to the grace, and return."""
        logger.info("the worker starts", extra={"event": "worker.start", "senders": self._senders})
        beside = [threading.Thread(target=desk.run, args=(stop,), daemon=True) for desk in self._calls]
        for thread in beside:
            thread.start()
        chores = self.chores()
        self._letters.run(stop, lambda busy: chores.look_after(busy=busy))
        for thread in beside:
            thread.join(self._grace.total_seconds())
        self._close()
        logger.info("the worker stops", extra={"event": "worker.stop"})

    def drain(self) -> int:
        """Deliver everything due now in the calling thread; how many rows were settled or released.

        Raises `Unavailable` when the database is away.
        """
        count = sum(desk.drain() for desk in (self._letters, *self._calls))
        self._close()
        return count

    def chores(self) -> Chores:
        """What a running worker does besides."""
        return Chores(self._store, self._transports, self._clock, self._keep_settled, self._chores)

    def _close(self) -> None:
        for transport in self._transports:
            transport.close()


def _calling(letters: Dispatch, queue: CallQueue) -> Dispatch:
    """The same machinery for another queue: other rows, places and pauses, no letters."""
    politeness = Politeness(queue.at_once, slow_at_once=queue.senders // 2)
    own = Claims(letters.clock, letters.claims.lease, politeness, (queue.priority,))
    return replace(
        letters,
        prepare={},
        errands=queue.errands,
        claims=own,
        name=queue.name,
        pauses=queue.pauses,
        on_refusal=queue.on_refusal,
        on_result=queue.on_result,
    )
