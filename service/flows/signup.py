"""Sign-up: nothing becomes an account before its mailbox is proven.

Asking stores a pending row (with the password's hash) and an outbox row, the same for a new and a taken
address; the worker decides which letter goes out. The browser that asked keeps a binding cookie. Where
the link is opened without it, the password is asked anew, so whoever signed up with somebody else's
address never has a password that opens the owner's account.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from service.core.addresses import LONGEST_ADDRESS, parse_own_address
from service.core.captcha import Place
from service.core.errors import ExpiredToken, FieldError, InvalidToken, ValidationFailed
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.profile import accept_locale, accept_name
from service.core.return_urls import ReturnUrls
from service.core.throttles import Rule
from service.core.tokens import Purpose, Tokens
from service.core.values import (
    Letter,
    NewsletterConsent,
    OutboxRow,
    Outcome,
    PendingSignup,
    Priority,
    User,
    Visit,
    digest,
    new_id,
    new_secret,
)
from service.flows.captcha import Captchas
from service.flows.identities import drop_unproven
from service.flows.links import Links
from service.flows.new_passwords import NewPasswords
from service.flows.sessions import Sessions, SignedIn
from service.flows.signup_form import AcceptedForm, SignupForm
from service.flows.suppressions import lift_by_proof

LETTER = "signup_confirm"
T = TypeVar("T")


@dataclass(frozen=True)
class Confirmed:
    """A proven mailbox: the new session and where the reader wanted to go."""

    signed_in: SignedIn
    next: str | None


@dataclass(frozen=True)
class Signup:
    """From the sign-up form to the first session. `lifetime` bounds the pending row and its link."""

    store: Store
    clock: Clock
    tokens: Tokens
    new_passwords: NewPasswords
    throttles: Throttles
    captchas: Captchas
    sessions: Sessions
    links: Links
    return_urls: ReturnUrls
    lifetime: timedelta

    def request(self, form: SignupForm, visit: Visit) -> str:
        """Ask for an account; return the secret of the binding cookie.

        Raises `ValidationFailed`, `RateLimited` and as `Captchas.require`; nothing depends on whether the address
        is taken.
        """
        accepted = self._accept(form)
        address = accepted.address
        self.captchas.require(Place.SIGNUP, form.captcha, visit, address=address.canonical)
        self.throttles.take(Rule.SIGNUP_PER_CLIENT, visit.network)
        password_hash = self.new_passwords.hash(accepted.password)
        welcome = self.throttles.allows(Rule.SIGNUP_PER_ADDRESS, address.canonical)
        binding = new_secret()
        now = self.clock()
        pending = PendingSignup(
            id=new_id(),
            email=address.email,
            canonical=address.canonical,
            password_hash=password_hash,
            binding_hash=digest(binding),
            created_at=now,
            expires_at=now + self.lifetime,
            name=accepted.name,
            locale=accepted.locale,
            next=self.return_urls.safe(form.next),
            newsletter=NewsletterConsent(now, visit.ip, form.newsletter_wording)
            if form.newsletter_wording
            else None,
        )
        with self.store.write() as uow:
            self._ask_to_prove(uow, pending, visit, outcome=None if welcome else Outcome.THROTTLED)
        return binding

    def ask_again(self, user: User, visit: Visit) -> str:
        """Mail a new link to an account that signed in with its password before its address was proven."""
        assert user.password_hash is not None
        welcome = self.throttles.allows(Rule.CONFIRMATION_PER_ADDRESS, user.mailbox.canonical)
        binding = new_secret()
        now = self.clock()
        pending = PendingSignup(
            id=new_id(),
            email=user.mailbox.email,
            canonical=user.mailbox.canonical,
            password_hash=user.password_hash,
            binding_hash=digest(binding),
            created_at=now,
            expires_at=now + self.lifetime,
            name=user.name,
            locale=user.locale,
        )
        with self.store.write() as uow:
            self._ask_to_prove(uow, pending, visit, outcome=None if welcome else Outcome.THROTTLED)
        return binding

    def letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Decide between "confirm your address" and "you already have an account"."""
        pending = uow.signups.get(UUID(row.context["signup"]))
        if pending is None:
            return Outcome.SUPERSEDED
        user = uow.users.by_address(row.canonical)
        locale = (user and user.locale) or pending.locale or row.context["locale"]
        if user is not None and user.disabled:
            return Letter("account_disabled", user.mailbox.email, locale, {"reason": "disabled"})
        if user is not None and user.email_verified:
            return Letter(
                "already_registered",
                user.mailbox.email,
                locale,
                {
                    "login_link": self.links.login(),
                    "forgot_link": self.links.forgot_password(),
                    "has_password": user.has_password,
                },
            )
        token = self.tokens.sign(Purpose.SIGNUP, {"signup": pending.id.hex}, at=signed_at)
        return Letter(
            LETTER,
            pending.email,
            locale,
            {
                "name": pending.name,
                "link": self.links.confirm_signup(token),
                "hours": max(1, round(self.lifetime.total_seconds() / 3600)),
            },
        )

    def needs_password(self, token: str, binding: str | None) -> bool:
        """Look at a link without using it: must a password be chosen in this browser?

        Raises `InvalidToken` or `ExpiredToken`.
        """
        return not _is_bound(self._pending(token), binding)

    def address(self, token: str) -> str:
        """Say whose mailbox a link proves. Raises `InvalidToken` or `ExpiredToken`."""
        return self._pending(token).email

    def confirm(
        self,
        *,
        token: str,
        binding: str | None,
        password: str | None,
        visit: Visit,
        previous: str | None = None,
    ) -> Confirmed:
        """Turn a proven sign-up into an account and sign it in.

        Raises `InvalidToken`, `ExpiredToken`, `RateLimited`, and `ValidationFailed` (`password_required`
        in a browser that did not sign up), which leaves the link usable.
        """
        self.throttles.take(Rule.TOKEN_PER_CLIENT, visit.network)
        pending = self._pending(token)
        if password:
            accepted = self.new_passwords.accept(password, about=(pending.email, pending.name))
            pending = replace(pending, password_hash=self.new_passwords.hash(accepted))
        elif not _is_bound(pending, binding):
            raise ValidationFailed(
                [FieldError("password", "password_required", "Choose a password to finish signing up.")]
            )
        with self.store.write() as uow:
            if not uow.signups.take(pending):
                raise InvalidToken
            user = self._become_account(uow, pending, visit)
            lift_by_proof(uow, pending.canonical)
            signed_in = self.sessions.begin(
                uow, user, amr=("pwd", "email"), remember=False, visit=visit, previous=previous
            )
        return Confirmed(signed_in, self.return_urls.safe(pending.next))

    def _accept(self, form: SignupForm) -> AcceptedForm:
        """Check every field and report all mistakes at once."""
        errors: list[FieldError] = []

        def attempt(check: Callable[[], T]) -> T | None:
            try:
                return check()
            except ValidationFailed as refusal:
                errors.extend(refusal.errors)
                return None

        address = attempt(lambda: parse_own_address(form.email))
        name = attempt(lambda: accept_name(form.name))
        about = (form.email[:LONGEST_ADDRESS], name)
        password = attempt(lambda: self.new_passwords.accept(form.password, about=about))
        if errors or address is None or password is None:
            raise ValidationFailed(errors)
        return AcceptedForm(address, password, name, accept_locale(form.locale))

    def _ask_to_prove(
        self, uow: UnitOfWork, pending: PendingSignup, visit: Visit, *, outcome: Outcome | None
    ) -> None:
        uow.signups.add(pending)
        uow.outbox.add(
            LETTER,
            address=pending.email,
            canonical=pending.canonical,
            at=pending.created_at,
            expires_in=self.lifetime,
            priority=Priority.VERIFY,
            context={"signup": pending.id.hex, "locale": visit.locale},
            outcome=outcome,
        )

    def _pending(self, token: str) -> PendingSignup:
        payload = self.tokens.read(Purpose.SIGNUP, token, lifetime=self.lifetime)
        try:
            signup_id = UUID(payload["signup"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidToken from error
        with self.store.read() as uow:
            pending = uow.signups.get(signup_id)
        if pending is None:
            raise InvalidToken
        if pending.expires_at <= self.clock():
            raise ExpiredToken
        return pending

    def _become_account(self, uow: UnitOfWork, pending: PendingSignup, visit: Visit) -> User:
        """Create the account, or give an unproven one (made by staff) to the owner of its mailbox."""
        now = self.clock()
        existing = uow.users.by_address(pending.canonical)
        if existing is None:
            user = User(
                id=new_id(),
                email=pending.email,
                canonical=pending.canonical,
                created_at=now,
                email_verified_at=now,
                name=pending.name,
                locale=pending.locale,
                password_hash=pending.password_hash,
                newsletter=pending.newsletter,
            )
            if not uow.users.add(user):
                raise InvalidToken
            uow.audit.record("user.created", at=now, user_id=user.id, visit=visit, by="signup")
            if user.newsletter:
                uow.audit.record("newsletter.subscribed", at=now, user_id=user.id, visit=visit)
            return user
        if existing.email_verified or existing.disabled:
            raise InvalidToken
        taken_over = uow.users.set_password(
            existing.id, pending.password_hash, if_epoch=existing.credential_epoch, at=now
        )
        if not taken_over or not uow.users.verify_email(existing.id, at=now):
            raise InvalidToken
        drop_unproven(uow, existing.id, at=now)
        uow.audit.record("email.verified", at=now, user_id=existing.id, visit=visit)
        uow.audit.record("password.changed", at=now, user_id=existing.id, visit=visit)
        proven = uow.users.by_id(existing.id)
        assert proven is not None
        if pending.newsletter is None:
            return proven
        subscribed = replace(proven, newsletter=pending.newsletter)
        uow.users.set_profile(subscribed, at=now)
        uow.audit.record("newsletter.subscribed", at=now, user_id=existing.id, visit=visit)
        return subscribed


def _is_bound(pending: PendingSignup, binding: str | None) -> bool:
    return bool(binding) and hmac.compare_digest(digest(binding or ""), pending.binding_hash)
