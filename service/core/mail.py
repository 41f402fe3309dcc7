"""What leaves the outbox: a rendered letter or a call to another service, and what can become of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.core.values import OutboxRow


@dataclass(frozen=True)
class OutgoingMail:
    """A letter as a transport takes it. `message_id` stays the same through every retry (RFC 5322, 3.6.4).

    `return_path` is the bare address bounces go to; without it they go to the sender.
    """

    message_id: str
    sender: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    date: datetime
    locale: str = "en"
    reply_to: str | None = None
    return_path: str | None = None


class TransportTrouble(Exception):
    """It did not work now and may work later: no connection, a 4xx answer, a time-out.

    `may_have_left` tells whether the server could have taken the letter before the trouble (RFC 1047),
    `about_server` that no other letter would have fared better, `retry_at` when it may work again, if known.
    """

    def __init__(
        self,
        answer: str,
        *,
        may_have_left: bool = False,
        about_server: bool = False,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(answer)
        self.answer = answer
        self.may_have_left = may_have_left
        self.about_server = about_server
        self.retry_at = retry_at


class DeliveryRefused(Exception):
    """It will never be taken: a 5xx answer to the recipient or the text, a call another service refuses.

    `about_recipient` tells that the mail server said it of the address, not of the letter.
    """

    def __init__(self, answer: str, *, about_recipient: bool = False) -> None:
        super().__init__(answer)
        self.answer = answer
        self.about_recipient = about_recipient


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
