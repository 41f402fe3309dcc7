"""How often in a row a password may be guessed wrongly (NIST SP 800-63B-4, 3.2.2; security.md section 3).

Beyond the throttle's window every failure doubles the pause to the next guess. After the last one the password
opens nothing until its owner proves themselves another way. All of it is counted by typed address, so it says
nothing about accounts, and in the database, so that neither a restart nor an empty Redis forgets it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=15)
DOUBLINGS = 10  # lead beyond the longest pause
REMEMBERED = timedelta(days=30)  # since the last failure
STOPPED = timedelta(days=365)


@dataclass(frozen=True)
class Guesser:
    """Who is counted together: everybody at an address, or one `device` that has signed in there before.

    `address` is canonical, `device` the secret of a browser's cookie, "" for strangers.
    """

    address: str
    device: str = field(default="", repr=False)


@dataclass(frozen=True)
class Tally:
    """Failures in a row, and when the next guess may be made."""

    failures: int
    next_at: datetime


@dataclass(frozen=True)
class Patience:
    """`free` failures come without a pause of their own; `most` in a row stop the password."""

    free: int = 10
    most: int = 100

    def slows(self, tally: Tally) -> bool:
        return tally.failures >= self.free

    def stops(self, tally: Tally | None) -> bool:
        return tally is not None and tally.failures >= self.most

    def after(self, failures: int, now: datetime) -> Tally:
        """The tally once a failure has been counted."""
        if failures < self.free:
            return Tally(failures, now)
        pause = FIRST_PAUSE * 2 ** min(failures - self.free, DOUBLINGS)
        return Tally(failures, now + min(pause, LONGEST_PAUSE))

    def remembered(self, tally: Tally) -> timedelta:
        return STOPPED if self.stops(tally) else REMEMBERED
