"""Proving a mailbox or an account before an identity is connected to it.

An identity waits in a row bound to the browser that brought it. A mailed link proves the mailbox, a password
the account; both count in that browser only, so a stranger who signs in at a provider under somebody else's
address can neither make its owner's click nor the owner's account theirs.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.core.addresses import Address
from service.core.errors import (
    AccountDisabled,
    AttemptExpired,
    IdentityBlocked,
    InvalidCredentials,
    InvalidToken,
)
from service.core.factor_errors import SecondFactorFirst
from service.core.identities import PendingIdentity
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.throttles import Rule
from service.core.tokens import Purpose, Tokens
from service.core.values import Letter, OutboxRow, Outcome, Priority, User, Visit, digest, new_id
from service.flows.identities import JOINED, in_other_hands, link, reclaim
from service.flows.links import Links
from service.flows.password_check import PasswordCheck
from service.flows.sessions import Sessions, SignedIn

LETTER = "identity_confirm"


@dataclass(frozen=True)
class Proven:
    """The session that a proof began, and where the reader wanted to go."""

    signed_in: SignedIn
    next: str | None


@dataclass(frozen=True)
class Proof:
    """`lifetime` bounds the waiting row and its link. `labels` are the providers' names as readers know them."""

    store: Store
    clock: Clock
    tokens: Tokens
    check_password: PasswordCheck
    throttles: Throttles
    sessions: Sessions
    links: Links
    labels: dict[str, str]
    lifetime: timedelta

    def ask(self, uow: UnitOfWork, pending: PendingIdentity, *, at: datetime, visit: Visit) -> None:
        """Let an identity wait and mail the link that proves its mailbox; throttled silently by address."""
        uow.pending_identities.add(pending)
        self._mail(uow, pending, at=at)

    def waiting(self, browser: str | None) -> PendingIdentity:
        """Return what waits in this browser. Raises `AttemptExpired`."""
        if browser is None:
            raise AttemptExpired
        with self.store.read() as uow:
            pending = uow.pending_identities.newest_of(digest(browser))
        if pending is None or pending.expires_at <= self.clock():
            raise AttemptExpired
        return pending

    def mail_link(self, browser: str | None, visit: Visit) -> PendingIdentity:
        """Mail the link for what waits in this browser. Raises `AttemptExpired` and `RateLimited`."""
        pending = self.waiting(browser)
        self.throttles.take(Rule.PROVIDER_PER_CLIENT, visit.network)
        with self.store.write() as uow:
            self._mail(uow, pending, at=self.clock())
        return pending

    def letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Write the link, in words that fit: connect an account, or finish joining."""
        pending = uow.pending_identities.get(UUID(row.context["pending"]))
        if pending is None:
            return Outcome.SUPERSEDED
        user = uow.users.by_address(pending.canonical)
        locale = (user and user.locale) or pending.locale
        if user is not None and user.disabled:
            return Letter("account_disabled", user.mailbox.email, locale, {"reason": "disabled"})
        if user is not None and in_other_hands(uow, user):
            return Outcome.BLOCKED
        token = self.tokens.sign(Purpose.IDENTITY, {"pending": pending.id.hex}, at=signed_at)
        return Letter(
            LETTER,
            user.mailbox.email if user else pending.email,
            locale,
            {
                "name": user.name if user else pending.name,
                "provider": self.labels.get(pending.provider, pending.provider),
                "known": user is not None,
                "link": self.links.confirm_identity(token),
                "hours": max(1, round(self.lifetime.total_seconds() / 3600)),
            },
        )

    def check(self, token: str, browser: str | None) -> PendingIdentity:
        """Look at a link without using it. Raises `InvalidToken`, `ExpiredToken`, `AttemptExpired`."""
        payload = self.tokens.read(Purpose.IDENTITY, token, lifetime=self.lifetime)
        try:
            pending_id = UUID(payload["pending"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidToken from error
        with self.store.read() as uow:
            pending = uow.pending_identities.get(pending_id)
        if pending is None:
            raise InvalidToken
        if browser is None or not hmac.compare_digest(digest(browser), pending.browser_hash):
            raise AttemptExpired
        return pending

    def confirm(
        self, *, token: str, browser: str | None, visit: Visit, previous: str | None = None
    ) -> Proven:
        """Use a mailed link: the mailbox is proven, the identity connected, the reader signed in.

        Raises as `check`, `RateLimited`, `AccountDisabled`, `IdentityTaken`, `SecondFactorFirst`, and
        `IdentityBlocked` where a thief may read the account's mailbox.
        """
        self.throttles.take(Rule.TOKEN_PER_CLIENT, visit.network)
        pending = self.check(token, browser)
        now = self.clock()
        with self.store.write() as uow:
            if not uow.pending_identities.take(pending):
                raise InvalidToken
            user = uow.users.by_address(pending.canonical)
            if user is not None and user.disabled:
                raise AccountDisabled
            if user is not None and in_other_hands(uow, user):
                raise IdentityBlocked
            if user is None:
                user, letter = self._new_account(uow, pending, now, visit), JOINED
            else:
                user, letter = reclaim(uow, user, at=now, visit=visit), None
            return self._connected(uow, user, pending, visit, previous, amr=("fed", "email"), letter=letter)

    def with_password(
        self, *, browser: str | None, password: str, visit: Visit, previous: str | None = None
    ) -> Proven:
        """Prove the account by its password, under the throttles and at the cost of any sign-in.

        Raises `AttemptExpired`, `RateLimited`, `InvalidCredentials`, `AccountDisabled`, `IdentityTaken` and
        `SecondFactorFirst`. An account whose own address was never proven is only proven by mail.
        """
        pending = self.waiting(browser)
        user = self.check_password.require(pending.canonical, password, visit)
        if not user.email_verified:
            raise InvalidCredentials
        if user.disabled:
            raise AccountDisabled
        with self.store.write() as uow:
            if not uow.pending_identities.take(pending):
                raise AttemptExpired
            return self._connected(uow, user, pending, visit, previous, amr=("fed", "pwd"))

    def _connected(
        self,
        uow: UnitOfWork,
        user: User,
        pending: PendingIdentity,
        visit: Visit,
        previous: str | None,
        *,
        amr: tuple[str, ...],
        letter: str | None = None,
    ) -> Proven:
        present = uow.users.by_id(user.id)
        if present is not None and present.second_factor:
            raise SecondFactorFirst
        kind = {"letter": letter} if letter else {}
        link(uow, user, pending, at=self.clock(), visit=visit, **kind)
        known = uow.users.by_id(user.id) or user
        begun = self.sessions.begin(uow, known, amr=amr, remember=True, visit=visit, previous=previous)
        return Proven(begun, pending.next)

    def _new_account(self, uow: UnitOfWork, pending: PendingIdentity, now: datetime, visit: Visit) -> User:
        user = User(
            id=new_id(),
            email=pending.email,
            canonical=pending.canonical,
            created_at=now,
            email_verified_at=now,
            name=pending.name,
        )
        if not uow.users.add(user):
            raise InvalidToken
        uow.signups.discard(pending.canonical)
        uow.audit.record("user.created", at=now, user_id=user.id, visit=visit, by=pending.provider)
        return user

    def _mail(self, uow: UnitOfWork, pending: PendingIdentity, *, at: datetime) -> None:
        welcome = self.throttles.allows(Rule.PROOF_PER_ADDRESS, pending.canonical)
        address = Address(pending.email, pending.canonical)
        uow.outbox.add(
            LETTER,
            address=address.email,
            canonical=address.canonical,
            at=at,
            expires_in=self.lifetime,
            priority=Priority.VERIFY,
            context={"pending": pending.id.hex},
            outcome=None if welcome else Outcome.THROTTLED,
        )
