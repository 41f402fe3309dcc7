"""A sign-in its owner did not make: whoever reads the account's mail ends it, and all that came with it.

The letter about a new device carries a link for that. Somebody else knew the password or held an identity, so the
step retires the password, what was connected or added since that sign-in, every session, link and known browser, and a
planned erasure; a letter lets the owner choose a new password. Once a letter, for a week.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.core.errors import InvalidToken
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.throttles import Rule
from service.core.tokens import Purpose, Tokens
from service.core.values import Letter, LetterRecord, OutboxRow, Outcome, User, Visit, digest
from service.flows.devices import LETTER
from service.flows.identities import unlinked
from service.flows.links import Links
from service.flows.notices import circumstances
from service.flows.password_reset import mail_link
from service.flows.ways_in import forget_factors_since

LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class NotMe:
    """Tell of a sign-in and take it back. `reset_lifetime` is that of the link to a new password.

    The link is not bound to the account's epoch: a thief could raise that, and so kill it.
    """

    store: Store
    clock: Clock
    tokens: Tokens
    throttles: Throttles
    links: Links
    reset_lifetime: timedelta

    def letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Say when and from where somebody signed in, and what to do if it was somebody else."""
        token = self.tokens.sign(Purpose.NOT_ME, {"letter": row.id.hex}, at=signed_at)
        more = {
            "not_me_link": self.links.not_me(token),
            "devices_link": self.links.devices(),
            "days": LIFETIME.days,
        }
        return Letter(LETTER, row.address, row.context["locale"], circumstances(row) | more)

    def check(self, token: str) -> str:
        """Look at a link without using it; return its account's address. Raises `InvalidToken` or `ExpiredToken`."""
        return self._told(token)[1].mailbox.email

    def secure(self, *, token: str, visit: Visit) -> None:
        """End everything, and mail the link to a new password.

        Raises `InvalidToken`, `ExpiredToken` and `RateLimited`.
        """
        self.throttles.take(Rule.TOKEN_PER_CLIENT, visit.network)
        (told, user), now = self._told(token), self.clock()
        with self.store.write() as uow:
            if not uow.spent.add(_use_of(told), until=now + LIFETIME):
                raise InvalidToken
            if not uow.users.retire_password(user.id, at=now):
                raise InvalidToken
            for identity in uow.identities.of(user.id):
                if identity.created_at >= told.created_at:
                    uow.identities.remove(user.id, identity.provider)
                    unlinked(uow, user, identity, at=now, visit=visit)
            forget_factors_since(uow, user.id, told.created_at)
            uow.sessions.end_all(user.id)
            uow.devices.forget(user.id)
            mail_link(uow, user, at=now, lifetime=self.reset_lifetime, visit=visit)
            uow.audit.record("session.disowned", at=now, user_id=user.id, visit=visit)

    def _told(self, token: str) -> tuple[LetterRecord, User]:
        """The letter a link is from and the account it was about, as long as its mailbox is still the account's."""
        payload = self.tokens.read(Purpose.NOT_ME, token, lifetime=LIFETIME)
        try:
            letter = UUID(payload["letter"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidToken from error
        with self.store.read() as uow:
            told = uow.outbox.record(letter)
            user = uow.users.by_id(told.user_id) if told and told.user_id else None
            used = told is None or uow.spent.knows(_use_of(told))
        if told is None or user is None or used or user.disabled or user.canonical != told.canonical:
            raise InvalidToken
        return told, user


def _use_of(told: LetterRecord) -> bytes:
    return digest(f"{Purpose.NOT_ME}/{told.id.hex}")
