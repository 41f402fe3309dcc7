"""Another address for the account: asked for by its reader, proven by the new mailbox, announced to the old.

Asking looks no address up. The worker decides whether the new mailbox gets a link or, where the address has an
account, its owner is told. Nothing changes before the link is used; using it raises the credential epoch, so it
works once and every older link is dead.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service.core.addresses import Address, parse_own_address
from service.core.errors import EmailTaken, FieldError, InvalidToken, ValidationFailed
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.throttles import Rule
from service.core.tokens import Purpose, Tokens
from service.core.values import Letter, OutboxRow, Outcome, Priority, User, Visit
from service.flows.email_undo import offer_undo
from service.flows.links import Links
from service.flows.reauthentication import Reauthentication
from service.flows.sessions import SignedIn, carry_over

LETTER = "email_change"


@dataclass(frozen=True)
class ChangeGrant:
    """What a link allows: this account gets this address, while its epoch and its newest request are these."""

    user_id: UUID
    epoch: int
    letter: UUID
    address: Address

    def payload(self) -> dict[str, Any]:
        return {
            "user": self.user_id.hex,
            "epoch": self.epoch,
            "letter": self.letter.hex,
            "email": self.address.email,
        }

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> "ChangeGrant":
        try:
            address = parse_own_address(str(payload["email"]))
            return cls(UUID(payload["user"]), int(payload["epoch"]), UUID(payload["letter"]), address)
        except (KeyError, TypeError, ValueError, ValidationFailed) as error:
            raise InvalidToken from error

    def holds_for(self, user: User | None) -> bool:
        return (
            user is not None
            and not user.disabled
            and user.credential_epoch == self.epoch
            and user.email_letter == self.letter
        )


@dataclass(frozen=True)
class AddressChanged:
    """The account under its new address; `renewed` is the session of a browser that was signed in to it."""

    user: User
    renewed: SignedIn | None


@dataclass(frozen=True)
class EmailChange:
    """From the wish for another address to having it. `lifetime` counts from the moment the letter leaves."""

    store: Store
    clock: Clock
    tokens: Tokens
    throttles: Throttles
    reauthentication: Reauthentication
    links: Links
    lifetime: timedelta

    def request(self, here: SignedIn, *, email: str, current_password: str | None, visit: Visit) -> None:
        """Ask for a link to the new address; it retires the links of earlier requests at once.

        Raises `ValidationFailed` (`invalid_email`, `same_email`), `InvalidCredentials`,
        `ReauthenticationRequired` and `RateLimited`; nothing depends on whether the address is taken.
        """
        user, address = here.user, parse_own_address(email)
        if address.email == user.email:
            raise ValidationFailed(
                [FieldError("email", "same_email", "This is the address your account has already.")]
            )
        self.reauthentication.require(here, current_password, visit)
        self.throttles.take(Rule.EMAIL_CHANGE_PER_ACCOUNT, user.id.hex)
        welcome = self.throttles.allows(Rule.EMAIL_CHANGE_PER_ADDRESS, address.canonical)
        now = self.clock()
        with self.store.write() as uow:
            letter = uow.outbox.add(
                LETTER,
                address=address.email,
                canonical=address.canonical,
                at=now,
                expires_in=self.lifetime,
                priority=Priority.VERIFY,
                user_id=user.id,
                context={"epoch": here.session.epoch, "locale": user.locale or visit.locale},
                outcome=None if welcome else Outcome.THROTTLED,
            )
            if welcome:
                uow.addresses.expect_change(user.id, letter)
            uow.audit.record("email.change_requested", at=now, user_id=user.id, visit=visit)

    def letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Decide between a link for the new mailbox and a word to the owner of an account that has the address."""
        user = uow.users.by_id(row.user_id) if row.user_id else None
        grant = ChangeGrant(
            row.user_id or row.id, row.context["epoch"], row.id, Address(row.address, row.canonical)
        )
        if user is None or not grant.holds_for(user):
            return Outcome.SUPERSEDED
        holder = uow.users.by_address(row.canonical)
        if holder is not None and holder.id != user.id:
            return Letter(
                "email_taken",
                holder.mailbox.email,
                holder.locale or row.context["locale"],
                {
                    "name": holder.name,
                    "login_link": self.links.login(),
                    "forgot_link": self.links.forgot_password(),
                },
            )
        token = self.tokens.sign(Purpose.EMAIL_CHANGE, grant.payload(), at=signed_at)
        return Letter(
            LETTER,
            row.address,
            row.context["locale"],
            {
                "name": user.name,
                "link": self.links.confirm_email(token),
                "hours": max(1, round(self.lifetime.total_seconds() / 3600)),
            },
        )

    def check(self, token: str) -> str:
        """Look at a link without using it; return the address it is for. Raises `InvalidToken` or `ExpiredToken`."""
        return self._granted(token)[0].address.email

    def confirm(self, *, token: str, here: SignedIn | None, visit: Visit) -> AddressChanged:
        """Give the account its new address, offer the old mailbox a way back, end the other sessions.

        Raises `InvalidToken`, `ExpiredToken`, `RateLimited`, and `EmailTaken` when somebody else has got the
        address since.
        """
        self.throttles.take(Rule.TOKEN_PER_CLIENT, visit.network)
        grant, before = self._granted(token)
        now = self.clock()
        with self.store.write() as uow:
            if not uow.addresses.change(
                grant.user_id, grant.address, if_epoch=grant.epoch, if_letter=grant.letter, at=now
            ):
                raise InvalidToken
            uow.signups.discard(grant.address.canonical)
            offer_undo(uow, before, at=now, visit=visit)
            uow.audit.record("email.changed", at=now, user_id=before.id, visit=visit)
            renewed = None
            if here is not None and here.user.id == before.id and here.session.epoch == grant.epoch:
                renewed = carry_over(uow, here)
            else:
                uow.sessions.end_all(before.id)
            user = uow.users.by_id(before.id)
        assert user is not None
        return AddressChanged(user, renewed)

    def _granted(self, token: str) -> tuple[ChangeGrant, User]:
        payload = self.tokens.read(Purpose.EMAIL_CHANGE, token, lifetime=self.lifetime)
        grant = ChangeGrant.from_payload(payload)
        with self.store.read() as uow:
            user = uow.users.by_id(grant.user_id)
            holder = uow.users.by_address(grant.address.canonical)
        if user is None or not grant.holds_for(user):
            raise InvalidToken
        if holder is not None and holder.id != user.id:
            raise EmailTaken
        return grant, user
