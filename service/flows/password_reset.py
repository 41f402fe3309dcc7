"""Forgot password: a reader asks, the worker writes, the reader chooses.

Asking never looks the address up: it leaves one row in the outbox and answers, so that known, unknown,
disabled and throttled addresses get the same answer at the same cost. The worker decides later what the
letter says. The link's token is signed when the letter is rendered and stored nowhere; the account's
credential epoch, raised by the very update that sets the password, makes it good for one use.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service.core.addresses import parse_address
from service.core.captcha import Place
from service.core.errors import InvalidToken, Unavailable
from service.core.mail_events import EventKind, MailEvent
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.return_urls import ReturnUrls
from service.core.throttles import EVERYBODY, Rule, pair_of
from service.core.tokens import Purpose, Tokens
from service.core.values import Letter, OutboxRow, Outcome, Priority, User, Visit
from service.flows.captcha import Captchas
from service.flows.identities import drop_unproven, in_other_hands
from service.flows.links import Links
from service.flows.new_passwords import NewPasswords
from service.flows.notices import tell_password_changed
from service.flows.suppressions import lift_by_proof

LETTER = "password_reset"
ONCE_A_DAY = timedelta(days=1)


def mail_link(
    uow: UnitOfWork, user: User, *, at: datetime, lifetime: timedelta, visit: Visit, **context: str
) -> None:
    """Put the letter with a link into the outbox for somebody who need not ask: staff, or another story, does."""
    uow.outbox.add(
        LETTER,
        address=user.mailbox.email,
        canonical=user.mailbox.canonical,
        at=at,
        expires_in=lifetime,
        priority=Priority.RESET,
        user_id=user.id,
        context={"locale": user.locale or visit.locale, **context},
    )


@dataclass(frozen=True)
class ResetGrant:
    """What a reset link allows: this account, as long as its epoch and its newest letter are these."""

    user_id: UUID
    epoch: int
    letter: UUID
    next: str | None
    by_staff: bool = False

    def payload(self) -> dict[str, Any]:
        payload = {"user": self.user_id.hex, "epoch": self.epoch, "letter": self.letter.hex}
        return payload | ({"next": self.next} if self.next else {}) | ({"staff": 1} if self.by_staff else {})

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> "ResetGrant":
        try:
            return cls(
                UUID(payload["user"]),
                int(payload["epoch"]),
                UUID(payload["letter"]),
                payload.get("next"),
                by_staff="staff" in payload,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidToken from error

    def event(self, kind: EventKind, user: User, at: datetime) -> MailEvent:
        """What becomes of the letter's link, once each."""
        return MailEvent(kind, user.mailbox.canonical, at, f"{kind}:{self.letter}", self.letter, user.id)

    def holds_for(self, user: User | None) -> bool:
        return (
            user is not None
            and not user.disabled
            and user.credential_epoch == self.epoch
            and user.reset_letter == self.letter
        )


@dataclass(frozen=True)
class PasswordReset:
    """The forgotten password, from asking to the new one.

    `lifetime` counts from the moment the letter leaves. `tell_unknown` writes to addresses without an
    account, at most once a day each. Accounts with a role in `excluded_roles` cannot reset by themselves: they
    are told whom to ask, and get a link only when staff send one. `labels` are the providers' names as readers
    know them.
    """

    store: Store
    clock: Clock
    tokens: Tokens
    new_passwords: NewPasswords
    throttles: Throttles
    captchas: Captchas
    links: Links
    return_urls: ReturnUrls
    lifetime: timedelta
    tell_unknown: bool = False
    excluded_roles: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)

    def request(self, *, email: str, next: str | None, visit: Visit, captcha: str | None = None) -> None:
        """Ask for a link. Raises `ValidationFailed` (`invalid_email`), `RateLimited` and as `Captchas.require`."""
        address = parse_address(email)
        self.captchas.require(Place.FORGOT, captcha, visit, address=address.canonical)
        self.throttles.take(Rule.FORGOT_PER_CLIENT, visit.network)
        welcome = self.throttles.allows(Rule.FORGOT_PER_ADDRESS, address.canonical)
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
            return self._letter_to_nobody(row, uow)
        locale = user.locale or row.context.get("locale", "en")
        by_staff = row.context.get("by") == "staff"
        if user.disabled or (self._excludes(user) and not by_staff):
            reason = "disabled" if user.disabled else "staff"
            return Letter("account_disabled", user.mailbox.email, locale, {"reason": reason})
        if in_other_hands(uow, user):
            return Outcome.BLOCKED
        if not (by_staff or row.attempts > 1 or self.throttles.allows(Rule.RESETS_SENT, EVERYBODY)):
            return Outcome.THROTTLED
        if not uow.users.newest_reset_letter(user.id, row.id):
            return Outcome.SUPERSEDED
        grant = ResetGrant(user.id, user.credential_epoch, row.id, row.context.get("next"), by_staff)
        token = self.tokens.sign(Purpose.PASSWORD_RESET, grant.payload(), at=signed_at)
        return Letter(
            LETTER,
            user.mailbox.email,
            locale,
            {
                "name": user.name,
                "link": self.links.reset_password(token),
                "minutes": max(1, round(self.lifetime.total_seconds() / 60)),
                "has_password": user.has_password,
                "providers": [self.labels.get(name, name) for name in user.providers],
                "verified": user.email_verified,
            },
        )

    def check(self, token: str) -> str:
        """Look at a link without using it; return its account's address. Raises `InvalidToken` or `ExpiredToken`."""
        return self._granted(token)[1].mailbox.email

    def show(self, token: str) -> str:
        """Do as `check` does where the form is shown, and remember for support that the link was opened.

        Once a letter, and only if that is easily done: nothing ever depends on it, and a mail scanner may be
        who opened it.
        """
        grant, user = self._granted(token)
        opened = grant.event(EventKind.OPENED, user, self.clock())
        with suppress(Unavailable):
            with self.store.read() as uow:
                known = uow.mail_events.knows(opened.key)
            if not known:
                with self.store.write() as uow:
                    uow.mail_events.add(opened)
        return user.mailbox.email

    def complete(self, *, token: str, password: str, visit: Visit) -> str | None:
        """Set the new password, end every session, tell the owner; return the article to go back to.

        Raises `InvalidToken`, `ExpiredToken`, `RateLimited`, `Unavailable`, and `ValidationFailed` for the
        password; the last two leave the link usable.
        """
        self.throttles.take(Rule.TOKEN_PER_CLIENT, visit.network)
        grant, user = self._granted(token)
        accepted = self.new_passwords.accept(password, about=(user.email, user.name))
        try:
            password_hash = self.new_passwords.hash(accepted)
        except Unavailable:
            self._granted(token)  # if it was used while we queued, trying again is in vain
            raise
        now = self.clock()
        with self.store.write() as uow:
            if not uow.users.set_password(
                user.id, password_hash, if_epoch=grant.epoch, if_reset_letter=grant.letter, at=now
            ):
                raise InvalidToken
            if uow.users.verify_email(user.id, at=now):
                drop_unproven(uow, user.id, at=now)
                uow.audit.record("email.verified", at=now, user_id=user.id, visit=visit)
            uow.sessions.end_all(user.id)
            uow.devices.forget(user.id)
            uow.guesses.forget(user.mailbox.canonical)
            uow.signups.discard(user.mailbox.canonical)
            uow.mail_events.add(grant.event(EventKind.USED, user, now))
            lift_by_proof(uow, user.mailbox.canonical)
            tell_password_changed(uow, user, at=now, visit=visit)
            uow.audit.record("password.reset", at=now, user_id=user.id, visit=visit)
        self.throttles.clear(Rule.LOGIN_PER_ACCOUNT, user.mailbox.canonical)
        pair = pair_of(visit.network, user.mailbox.canonical)
        self.throttles.clear(Rule.LOGIN_PER_CLIENT_AND_ACCOUNT, pair)
        return self.return_urls.safe(grant.next)

    def _granted(self, token: str) -> tuple[ResetGrant, User]:
        grant = ResetGrant.from_payload(
            self.tokens.read(Purpose.PASSWORD_RESET, token, lifetime=self.lifetime)
        )
        with self.store.read() as uow:
            user = uow.users.by_id(grant.user_id)
        if user is None or not grant.holds_for(user) or (self._excludes(user) and not grant.by_staff):
            raise InvalidToken
        return grant, user

    def _excludes(self, user: User) -> bool:
        return not self.excluded_roles.isdisjoint(user.roles)

    def _letter_to_nobody(self, row: OutboxRow, uow: UnitOfWork) -> Letter | Outcome:
        if not self.tell_unknown or not row.address.isascii():
            return Outcome.NO_ACCOUNT
        if uow.outbox.told_since(LETTER, row.canonical, row.created_at - ONCE_A_DAY):
            return Outcome.NO_ACCOUNT
        return Letter(
            "no_account", row.address, row.context.get("locale", "en"), {"signup_link": self.links.signup()}
        )
