"""What leaves the outbox: a rendered letter or a call to another service, and what can become of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.core.values import OutboxRow


@dataclass(frozen=True)
class OutgoingMail:
    """A letter as a transport takes it. `message_id` stays the same through every retry (RFC 5322, 3.6.4)."""

    message_id: str
    sender: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    date: datetime
    locale: str = "en"
    reply_to: str | None = None


class TransportTrouble(Exception):
    """It did not work now and may work later: no connection, a 4xx answer, a time-out.

    `may_have_left` tells whether the server could have taken the letter before the trouble (RFC 1047).
    """

    def __init__(self, answer: str, *, may_have_left: bool = False) -> None:
        super().__init__(answer)
        self.answer = answer
        self.may_have_left = may_have_left


class DeliveryRefused(Exception):
    """It will never be taken: a 5xx answer to the recipient or the text, a call another service refuses."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class Transport(Protocol):
    """Something that takes letters. Used by several threads, each letter by one."""

    def send(self, mail: OutgoingMail) -> str:
        """Hand the letter over; return the server's answer with its queue id.

        Raises `TransportTrouble` or `DeliveryRefused`.
        """

    def check(self) -> None:
        """Connect and sign in without sending anything. Raises `TransportTrouble`."""

    def close(self) -> None:
        """End kept connections."""


class Errand(Protocol):
    """Do what an outbox row that is no letter asks for: call another service. Runs outside of any transaction."""

    def __call__(self, row: OutboxRow) -> str:
        """Return the other side's answer. Raises `TransportTrouble` or `DeliveryRefused`."""
