"""A test letter by every way there is, past the outbox, to see what each mail server says to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.core.bounce_addresses import BounceAddresses
from service.core.mail import DeliveryRefused, OutgoingMail, Transport, TransportTrouble
from service.core.ports import Clock
from service.core.values import Letter, new_id
from service.delivery.addresses import domain_of, wire_address, wire_mailbox
from service.delivery.letters import Letters

LETTER = "mail_test"


@dataclass(frozen=True)
class Tried:
    """What came of one way."""

    way: str
    accepted: bool
    answer: str


@dataclass(frozen=True)
class Trial:
    """Send for `flask mail test`; what letters look like and where bounces go is as in earnest."""

    letters: Letters
    transports: Sequence[Transport]
    clock: Clock
    sender: str
    reply_to: str | None = None
    bounces: BounceAddresses | None = None

    def send(self, address: str, *, locale: str = "en") -> Iterator[Tried]:
        """Send one letter by each transport, in order. Raises `ValidationFailed` for the address."""
        to = wire_address(address)
        for transport in self.transports:
            mail = self._letter(to, locale, repr(transport))
            try:
                yield Tried(repr(transport), accepted=True, answer=transport.send(mail))
            except (TransportTrouble, DeliveryRefused) as trouble:
                yield Tried(repr(transport), accepted=False, answer=trouble.answer)
            finally:
                transport.close()

    def _letter(self, to: str, locale: str, server: str) -> OutgoingMail:
        rendered = self.letters.render(Letter(LETTER, to, locale, {"server": server}))
        sender, letter_id = wire_mailbox(self.sender), new_id()
        return OutgoingMail(
            message_id=f"<{letter_id}@{domain_of(sender)}>",
            sender=sender,
            to=to,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            date=self.clock(),
            locale=rendered.locale,
            reply_to=wire_mailbox(self.reply_to) if self.reply_to else None,
            return_path=self.bounces.of(letter_id) if self.bounces else None,
        )
