"""Sign in by mail: a reader asks, the worker writes, a button in the mailbox's browser signs in.

As with the forgotten password, asking looks nothing up and leaves one row in the outbox. The link works once,
and only that of the newest letter: using it empties the account's place for it in one conditional update. It
proves the mailbox, so an account nobody had proven passes to its owner without anything a stranger put there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service.core.addresses import parse_address
from service.core.captcha import Place
from service.core.errors import InvalidToken
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.return_urls import ReturnUrls
from service.core.throttles import Rule
from service.core.tokens import Purpose, Tokens
from service.core.values import Letter, OutboxRow, Outcome, Priority, User, Visit
from service.flows.captcha import Captchas
from service.flows.identities import in_other_hands, reclaim
from service.flows.links import Links
from service.flows.sessions import Sessions
from service.flows.signup import Confirmed

LETTER = "login_link"


@dataclass(frozen=True)
class LoginGrant:
    """What a link allows: one session of this account, while its epoch and its newest letter are these."""

    user_id: UUID
    epoch: int
    letter: UUID
    next: str | None

    def payload(self) -> dict[str, Any]:
        payload = {"user": self.user_id.hex, "epoch": self.epoch, "letter": self.letter.hex}
        return payload | ({"next": self.next} if self.next else {})

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> "LoginGrant":
        try:
            user_id, letter = UUID(payload["user"]), UUID(payload["letter"])
            return cls(user_id, int(payload["epoch"]), letter, payload.get("next"))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidToken from error

    def holds_for(self, user: User) -> bool:
        return not user.disabled and user.credential_epoch == self.epoch and user.login_letter == self.letter


@dataclass(frozen=True)
class LoginLink:
    """From the address to a session. `lifetime` counts from the moment the letter leaves.

    Accounts with a role in `excluded_roles` cannot get in by mail alone, here as with the forgotten password.
    """

    store: Store
    clock: Clock
    tokens: Tokens
    throttles: Throttles
    captchas: Captchas
    sessions: Sessions
    links: Links
    return_urls: ReturnUrls
    lifetime: timedelta
    excluded_roles: frozenset[str] = frozenset()

    def request(self, *, email: str, next: str | None, visit: Visit, captcha: str | None = None) -> None:
        """Ask for a link. Raises `ValidationFailed` (`invalid_email`), `RateLimited` and as `Captchas.require`."""
        address = parse_address(email)
        self.captchas.require(Place.FORGOT, captcha, visit, address=address.canonical)
        self.throttles.take(Rule.LOGIN_LINK_PER_CLIENT, visit.network)
        welcome = self.throttles.allows(Rule.LOGIN_LINK_PER_ADDRESS, address.canonical)
        with self.store.write() as uow:
            uow.outbox.add(
                LETTER,
                address=address.email,
                canonical=address.canonical,
                at=self.clock(),
                expires_in=self.lifetime,
                priority=Priority.RESET,
                context={"next": self.return_urls.safe(next), "locale": visit.locale},
                outcome=None if welcome else Outcome.THROTTLED,
            )

    def letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Decide what the address is told, and retire the links of older letters."""
        user = uow.users.by_address(row.canonical)
        if user is None:
            return Outcome.NO_ACCOUNT
        locale = user.locale or row.context["locale"]
        if user.disabled or self._excludes(user):
            reason = "disabled" if user.disabled else "staff"
            return Letter("account_disabled", user.mailbox.email, locale, {"reason": reason})
        if in_other_hands(uow, user):
            return Outcome.BLOCKED
        if not uow.users.newest_login_letter(user.id, row.id):
            return Outcome.SUPERSEDED
        grant = LoginGrant(user.id, user.credential_epoch, row.id, row.context.get("next"))
        token = self.tokens.sign(Purpose.LOGIN_LINK, grant.payload(), at=signed_at)
        return Letter(
            LETTER,
            user.mailbox.email,
            locale,
            {
                "name": user.name,
                "link": self.links.confirm_login(token),
                "minutes": max(1, round(self.lifetime.total_seconds() / 60)),
                "verified": user.email_verified,
            },
        )

    def check(self, token: str) -> str:
        """Look at a link without using it; return its account's address. Raises `InvalidToken` or `ExpiredToken`."""
        return self._granted(token)[1].mailbox.email

    def confirm(
        self, *, token: str, visit: Visit, remember: bool = False, previous: str | None = None
    ) -> Confirmed:
        """Use the link up and sign in.

        Raises `InvalidToken`, `ExpiredToken` and `RateLimited`.
        """
        self.throttles.take(Rule.TOKEN_PER_CLIENT, visit.network)
        grant, user = self._granted(token)
        with self.store.write() as uow:
            if not uow.users.spend_login_letter(user.id, grant.letter, if_epoch=grant.epoch):
                raise InvalidToken
            user = reclaim(uow, user, at=self.clock(), visit=visit)
            signed_in = self.sessions.begin(
                uow,
                user,
                amr=("email",),
                remember=remember,
                visit=visit,
                previous=previous,
                next=grant.next,
            )
        return Confirmed(signed_in, self.return_urls.safe(grant.next))

    def _granted(self, token: str) -> tuple[LoginGrant, User]:
        payload = self.tokens.read(Purpose.LOGIN_LINK, token, lifetime=self.lifetime)
        grant = LoginGrant.from_payload(payload)
        with self.store.read() as uow:
            user = uow.users.by_id(grant.user_id)
        if user is None or not grant.holds_for(user) or self._excludes(user):
            raise InvalidToken
        return grant, user

    def _excludes(self, user: User) -> bool:
        return not self.excluded_roles.isdisjoint(user.roles)
