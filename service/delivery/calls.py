"""A queue of calls to other services that has senders of its own, beside those of letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.core.mail import Errand
from service.core.values import Priority
from service.delivery.ports import OnRefusal, OnResult

# About a day in all, as Standard Webhooks advises: what is down over night still hears of everything.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)


@dataclass(frozen=True)
class CallQueue:
    """`senders` threads make the calls, at most `at_once` of them to one receiver, with `pauses` between tries."""

    name: str
    priority: Priority
    errands: Mapping[str, Errand]
    on_refusal: OnRefusal
    on_result: OnResult
    senders: int = 6
    at_once: int = 2
    pauses: Sequence[timedelta] = PAUSES
