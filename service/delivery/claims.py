"""Taking rows for oneself: the due ones, and of those the ones whose domain has room."""

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from service.core.ports import Clock
from service.core.values import OutboxRow
from service.delivery.politeness import BUSY_PAUSE, Place, Politeness
from service.delivery.ports import DeliveryUnit

CROWD = 100  # rows looked at in one round once a domain is found slow
MOST_ROUNDS = 10


@dataclass
class Claim:
    """A row that is ours until the instant `until` of `time.monotonic`, with its place among its domain's.

    `follow` asks for `next`: another row, claimed in the commit that ends this one. `ended` tells whether
    the row was settled or released by us.
    """

    row: OutboxRow
    until: float
    place: Place | None = None
    follow: bool = False
    next: "Claim | None" = None
    ended: bool = False

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.until


@dataclass(frozen=True)
class Claims:
    """Claim rows for `lease`. Those whose domain is crowded step back, so that others come forward."""

    clock: Clock
    lease: timedelta
    politeness: Politeness

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
        for row in uow.outbox.claim(now, lease=self.lease, limit=looked_at):
            place = self._place(row) if len(taken) < limit else 0.0
            if isinstance(place, float):
                stepping_back[place].append(row)
            else:
                taken.append(Claim(row, until, place))
        for pause, crowded in stepping_back.items():
            uow.outbox.step_back(crowded, due_at=now + timedelta(seconds=pause))
        return len(taken) < limit and any(pause > BUSY_PAUSE for pause in stepping_back)

    def _place(self, row: OutboxRow) -> Place | float | None:
        domain = row.canonical.rpartition("@")[2]
        return self.politeness.admit(domain) if domain else None
