"""One queue of the outbox and the threads that empty it."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from service.core.errors import Unavailable
from service.core.faults import described
from service.delivery.claims import Claim
from service.delivery.dispatch import Dispatch
from service.delivery.senders import Senders

logger = logging.getLogger(__name__)

POLL = 0.5  # seconds between looks at an empty queue
POLL_AFTER_TROUBLE = 1.0


class Desk:
    """Claims due rows as its `senders` become idle. Desks share nothing, so one cannot hold up another."""

    def __init__(self, dispatch: Dispatch, senders: int, grace: timedelta) -> None:
        self._dispatch, self._senders, self._grace = dispatch, senders, grace

    def run(self, stop: threading.Event, look_after: Callable[[bool], None] = lambda _: None) -> None:
        """Work until `stop` is set, then finish what is in hand, up to the grace.

        `look_after` is called with every turn and told whether anything is on its way.
        """
        senders = Senders(self._senders, lambda claim: self._deliver_until(stop, claim))
        while not stop.is_set():
            stop.wait(self._turn(senders, senders.wait_for_idle(POLL), look_after))
        senders.finish(self._grace.total_seconds())

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
        return count

    def _turn(self, senders: Senders, idle: int, look_after: Callable[[bool], None]) -> float:
        """Claim for the idle senders; how many seconds to wait before the next turn.

        Busy senders claim for themselves.
        """
        try:
            claims = self._dispatch.claim(idle) if idle else []
            senders.hand(claims)
            look_after(bool(claims) or not senders.all_idle)
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
