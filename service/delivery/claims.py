"""Taking rows for oneself: the due ones, and of those the ones whose receiver has room and whose turn it is."""

import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.core.ports import Clock
from service.core.values import LETTERS, OutboxRow, Priority
from service.delivery.politeness import BUSY_PAUSE, Place, Politeness
from service.delivery.ports import DeliveryUnit

CROWD = 100  # rows looked at in one round once a domain is found slow
MOST_ROUNDS = 10
LEFT = "left"  # to whoever claims it when the lease is over
# seconds; whoever is next in a lane is called when the one before is done, so this is the exception
QUEUE_PAUSE = 10


@dataclass
class Claim:
    """A row that is ours until the instant `until` of `time.monotonic`, with its place among its domain's.

    `follow` asks for `next`: another row, claimed in the commit that ends this one. `ended` tells whether
    the row was settled or released by us, `became` what came of it.
    """

    row: OutboxRow
    until: float
    place: Place | None = None
    follow: bool = False
    next: "Claim | None" = None
    ended: bool = False
    became: str = LEFT

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.until


@dataclass(frozen=True)
class Claims:
    """Claim rows of the kinds in `queue` for `lease`.

    Those whose receiver is crowded, or whose turn in their lane it is not, step back, so that others come forward.
    """

    clock: Clock
    lease: timedelta
    politeness: Politeness
    queue: Sequence[Priority] = LETTERS

    def take(self, uow: DeliveryUnit, limit: int) -> list[Claim]:
        """Claim up to `limit` due rows, within a transaction of the caller's. Raises `Unavailable`."""
        taken: list[Claim] = []
        try:
            for looked_at in [limit] + [CROWD] * MOST_ROUNDS:
                if not self._round(uow, limit, looked_at, taken):
                    break
        except BaseException:
            for claim in taken:
                self.leave(claim)
            raise
        return taken

    def leave(self, claim: Claim) -> None:
        """Give the place back."""
        if claim.place is not None:
            self.politeness.leave(claim.place)

    def _round(self, uow: DeliveryUnit, limit: int, looked_at: int, taken: list[Claim]) -> bool:
        """Claim some rows; True when it is worth looking behind those that had to step back."""
        until = time.monotonic() + self.lease.total_seconds()
        now = self.clock()
        stepping_back: defaultdict[float, list[OutboxRow]] = defaultdict(list)
        for row in uow.outbox.claim(now, lease=self.lease, limit=looked_at, queue=self.queue):
            place = self._place(row, now) if len(taken) < limit else 0.0
            if isinstance(place, float):
                stepping_back[place].append(row)
            else:
                taken.append(Claim(row, until, place))
        for pause, crowded in stepping_back.items():
            uow.outbox.step_back(crowded, due_at=now + timedelta(seconds=pause))
        return len(taken) < limit and any(pause > BUSY_PAUSE for pause in stepping_back)

    def _place(self, row: OutboxRow, now: datetime) -> Place | float | None:
        if row.behind is not None:
            wait = max((row.behind - now).total_seconds(), 1.0)
            return float(math.ceil(wait / QUEUE_PAUSE) * QUEUE_PAUSE)
        receiver = row.lane.partition("/")[0] if row.lane else row.canonical.rpartition("@")[2]
        return self.politeness.admit(receiver) if receiver else None
