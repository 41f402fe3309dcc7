"""When to try again what did not work, and until when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from service.core.values import OutboxRow

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
AFTER_YOU = timedelta(seconds=1)  # the letter that asks first goes first
LAST_CHANCE = FIRST_PAUSE / 2  # before expiry; nothing is tried again later than that


def next_try(
    row: OutboxRow,
    now: datetime,
    jitter: float,
    *,
    not_later_than: datetime | None = None,
    pauses: Sequence[timedelta] = (),
) -> datetime | None:
    """Return the instant of the next try, None when the row is not worth another one.

    The pause doubles from 10 s to 1 h, or is the next of `pauses`, after which none is left; it is multiplied by
    `jitter`. One that would outlast the row is cut to half of what is left, so that a letter still goes out when the
    trouble ends shortly before.
    `not_later_than` is when a server that was away is asked again: what waits for it alone need not wait longer.
    """
    tried = max(row.attempts - 1, 0)
    if pauses and tried >= len(pauses):
        return None
    pause = (pauses[tried] if pauses else min(FIRST_PAUSE * 2 ** min(tried, 16), LONGEST_PAUSE)) * jitter
    if not_later_than is not None:
        pause = min(pause, max(not_later_than - now, timedelta()) + AFTER_YOU * jitter)
    left = row.expires_at - now
    if pause >= left:
        pause = left / 2
    return now + pause if left - pause >= LAST_CHANCE else None
