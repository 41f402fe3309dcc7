"""Sign in with Google, Apple or another provider: leave, come back, and be recognised.

An attempt is a row found by its `state` and bound to one browser by a cookie of its own; nonce and PKCE
verifier are derived from that cookie's secret, so the database holds nothing that could finish it. The
identity is issuer and subject. Its address only decides about linking, by the table of product.md 1.4:
what the provider does not vouch for is proven first (`service.flows.proof`).
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from service.core.errors import (
    AccountDisabled,
    AttemptExpired,
    IdentityBlocked,
    IdentityTaken,
    InvalidIdToken,
    LinkRequired,
    NotFound,
    ReauthenticationRequired,
    Refusal,
    SignInCancelled,
    SignInRefused,
)
from service.core.identities import (
    Answer,
    Attempt,
    ExternalProfile,
    Identity,
    IdentityProvider,
    PendingIdentity,
    Redemption,
    Vault,
)
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.return_urls import ReturnUrls
from service.core.throttles import Rule
from service.core.values import User, Visit, digest, new_id, new_secret
from service.flows.identities import JOINED, link, reclaim
from service.flows.password_change import FRESH
from service.flows.proof import Proof
from service.flows.sessions import Sessions, SignedIn

ATTEMPT_LIFE = timedelta(minutes=10)
ID_TOKEN_LIFE = timedelta(days=2)  # how long a used one is remembered; providers' live an hour or a day
AMR = ("fed",)
CANCELLATIONS = frozenset({"access_denied", "user_cancelled_authorize", "user_cancelled_login"})
LONGEST_PARKED = 8192


@dataclass(frozen=True)
class Departure:
    """Where to send the reader, and the secret that binds the attempt to their browser."""

    url: str
    browser: str


class Reached(StrEnum):
    """How far a provider's word has brought the reader."""

    SIGNED_IN = "signed_in"
    LINKED = "linked"
    CONFIRMATION_SENT = "confirmation_sent"


@dataclass(frozen=True)
class Arrival:
    """What became of a sign-in. `signed_in` is None while a mailbox is still to be proven."""

    reached: Reached
    signed_in: SignedIn | None
    next: str | None


@dataclass(frozen=True)
class Caller:
    """The browser at the door: its binding secret, the session it shows, where it calls from.

    `here` is the session's reader when they are signed in.
    """

    visit: Visit
    browser: str | None = None
    previous: str | None = None
    here: SignedIn | None = None


@dataclass(frozen=True)
class Social:
    """From a provider's button to a session."""

    store: Store
    clock: Clock
    providers: Mapping[str, IdentityProvider]
    throttles: Throttles
    sessions: Sessions
    return_urls: ReturnUrls
    vault: Vault
    proof: Proof
    attempt_life: timedelta = ATTEMPT_LIFE

    def start(self, name: str, *, next: str | None, caller: Caller, linking: bool = False) -> Departure:
        """Leave for a provider. With `linking` the identity is added to the reader who is signed in.

        Raises `NotFound` for a provider we do not have, `RateLimited`, `ProviderUnavailable`, and
        `ReauthenticationRequired` for linking in a session older than 15 minutes.
        """
        provider = self._provider(name)
        if linking and (caller.here is None or self.clock() - caller.here.session.auth_time > FRESH):
            raise ReauthenticationRequired
        self.throttles.take(Rule.PROVIDER_PER_CLIENT, caller.visit.network)
        browser, state = caller.browser or new_secret(), new_secret()
        url = provider.authorization_url(
            state=state,
            nonce=_derived(browser, "nonce", state),
            verifier=_derived(browser, "verifier", state),
        )
        attempt = Attempt(
            state_hash=digest(state),
            browser_hash=digest(browser),
            provider=name,
            next=self.return_urls.safe(next),
            session_id=caller.here.session.id if linking and caller.here else None,
            expires_at=self.clock() + self.attempt_life,
        )
        with self.store.write() as uow:
            uow.attempts.add(attempt)
        return Departure(url, browser)

    def park(self, name: str, answer: Answer) -> str:
        """Keep the answer a form brought; return the handle its browser fetches it with.

        The form comes from the provider's site, without our cookies, and what it carries must not get into an
        address. Raises `AttemptExpired`, and `SignInRefused` for more than any provider sends.
        """
        self._provider(name)
        brought = json.dumps(asdict(answer))
        if len(brought) > LONGEST_PARKED:
            brought = json.dumps(asdict(replace(answer, user="")))
        if len(brought) > LONGEST_PARKED:
            raise SignInRefused
        handle = new_secret()
        with self.store.write() as uow:
            parked = self.vault.lock(brought)
            if not uow.attempts.park(digest(answer.state), name, handle_hash=digest(handle), parked=parked):
                raise AttemptExpired
        return handle

    def fetch(self, name: str, handle: str, caller: Caller) -> Arrival:
        """Finish a sign-in whose answer was parked. Raises as `finish`."""
        with self.store.write() as uow:
            attempt = uow.attempts.take_parked(digest(handle))
        brought = self.vault.unlock(attempt.parked) if attempt and attempt.parked else None
        if attempt is None or brought is None:
            raise AttemptExpired
        return self._finish(name, attempt, Answer(**json.loads(brought)), caller)

    def finish(self, name: str, answer: Answer, caller: Caller) -> Arrival:
        """Come back from a provider.

        Raises `AttemptExpired`, `SignInCancelled`, `SignInRefused`, `InvalidIdToken`, `ProviderUnavailable`;
        once the reader is known `AccountDisabled`, `IdentityBlocked`, `IdentityTaken`, and `LinkRequired` when
        an account must be proven first (`Proof` knows it by the browser's secret).
        """
        with self.store.write() as uow:
            attempt = uow.attempts.take(digest(answer.state)) if answer.state else None
        if attempt is None:
            raise AttemptExpired
        return self._finish(name, attempt, answer, caller)

    def with_id_token(
        self,
        name: str,
        *,
        token: str,
        nonce: str | None,
        given_name: str | None,
        next: str | None,
        caller: Caller,
    ) -> Arrival:
        """Sign in with an ID token that an app, or One Tap, was given; each works once.

        `caller.browser` binds the proof that may be needed. Raises as `finish`, and `RateLimited`.
        """
        provider = self._provider(name)
        self.throttles.take(Rule.PROVIDER_PER_CLIENT, caller.visit.network)
        profile = provider.read_id_token(token, nonce=nonce)
        signed_part = token.rpartition(".")[0]  # the signature has several spellings
        with self.store.write() as uow:
            if not uow.spent.add(digest(signed_part), until=self.clock() + ID_TOKEN_LIFE):
                raise InvalidIdToken
        profile = replace(profile, name=profile.name or given_name)
        return self._recognise(profile, self.return_urls.safe(next), caller)

    def _finish(self, name: str, attempt: Attempt, answer: Answer, caller: Caller) -> Arrival:
        """Check that the answer is for this browser's attempt, and redeem its code."""
        if attempt.provider != name or attempt.expires_at <= self.clock():
            raise AttemptExpired
        if caller.browser is None or not hmac.compare_digest(digest(caller.browser), attempt.browser_hash):
            raise AttemptExpired
        try:
            return self._complete(attempt, answer, caller.browser, caller)
        except Refusal as refusal:
            refusal.next = attempt.next
            raise

    def _complete(self, attempt: Attempt, answer: Answer, browser: str, caller: Caller) -> Arrival:
        provider = self._provider(attempt.provider)
        provider.check_issuer(answer.issuer)
        if answer.error:
            raise SignInCancelled if answer.error in CANCELLATIONS else SignInRefused
        if not answer.code.isascii() or not answer.code.isprintable() or not answer.code:
            raise SignInRefused  # a code is visible ASCII (RFC 6749, appendix A.11)
        profile = provider.redeem(
            Redemption(
                code=answer.code,
                verifier=_derived(browser, "verifier", answer.state),
                nonce=_derived(browser, "nonce", answer.state),
                user=answer.user,
            )
        )
        if attempt.session_id is not None:
            return self._link_here(profile, attempt, caller)
        return self._recognise(profile, attempt.next, caller)

    def _link_here(self, profile: ExternalProfile, attempt: Attempt, caller: Caller) -> Arrival:
        """Add the identity to the reader who asked for it, if it is still them."""
        here = caller.here
        if here is None or here.session.id != attempt.session_id:
            raise AttemptExpired
        now = self.clock()
        with self.store.write() as uow:
            known = uow.identities.by_subject(profile.issuer, profile.subject)
            if known is not None and known.user_id != here.user.id:
                raise IdentityTaken
            if known is None:
                link(uow, here.user, self._pending(profile, attempt.next, caller), at=now, visit=caller.visit)
        return Arrival(Reached.LINKED, here, attempt.next)

    def _recognise(self, profile: ExternalProfile, next: str | None, caller: Caller) -> Arrival:
        """Apply the table of product.md 1.4. Two first sign-ins at once: the second one finds the account."""
        try:
            return self._decide(profile, next, caller)
        except IdentityTaken:
            return self._decide(profile, next, caller)

    def _decide(self, profile: ExternalProfile, next: str | None, caller: Caller) -> Arrival:
        now = self.clock()
        pending = self._pending(profile, next, caller)
        with self.store.write() as uow:
            known = uow.identities.by_subject(profile.issuer, profile.subject)
            if known is not None:
                user = self._known_user(uow, known, pending, now)
                return self._begin(uow, user, next, caller)
            if profile.address is not None and not profile.verified:
                self.proof.ask(uow, pending, at=now, visit=caller.visit)
                return Arrival(Reached.CONFIRMATION_SENT, None, next)
            user_found = uow.users.by_address(profile.address.canonical) if profile.address else None
            if user_found is None:
                user = self._join(uow, profile, pending, now, caller)
                return self._begin(uow, user, next, caller)
            if profile.authoritative and not _has(user_found, profile.provider):
                if user_found.disabled:
                    raise AccountDisabled
                user = reclaim(uow, user_found, at=now, visit=caller.visit)
                link(uow, user, pending, at=now, visit=caller.visit)
                return self._begin(uow, uow.users.by_id(user.id) or user, next, caller)
            if uow.identities.by_subject(profile.issuer, profile.subject) is not None:
                raise IdentityTaken  # a sign-in at the same moment made this account: decide again
            uow.pending_identities.add(pending)
        raise LinkRequired

    def _known_user(self, uow: UnitOfWork, known: Identity, told: PendingIdentity, now: datetime) -> User:
        user = uow.users.by_id(known.user_id)
        assert user is not None
        if known.blocked_at is not None:
            raise IdentityBlocked
        if user.disabled:
            raise AccountDisabled
        newer = {"refresh_token": told.refresh_token} if told.refresh_token else {}
        uow.identities.used(known.id, last_used_at=now, email=told.email or known.email, **newer)
        return user

    def _join(
        self,
        uow: UnitOfWork,
        profile: ExternalProfile,
        pending: PendingIdentity,
        now: datetime,
        caller: Caller,
    ) -> User:
        """Make an account without a password for an address the provider vouches for, or for none."""
        user = User(
            id=new_id(),
            email=profile.address.email if profile.address else None,
            canonical=profile.address.canonical if profile.address else None,
            created_at=now,
            email_verified_at=now if profile.address else None,
            name=profile.name,
            locale=caller.visit.locale,
        )
        if not uow.users.add(user):
            raise IdentityTaken  # somebody joined with the address just now: decide again
        if user.canonical is not None:
            uow.signups.discard(user.canonical)
        link(uow, user, pending, at=now, visit=caller.visit, letter=JOINED)
        uow.audit.record("user.created", at=now, user_id=user.id, visit=caller.visit, by=profile.provider)
        return uow.users.by_id(user.id) or user

    def _begin(self, uow: UnitOfWork, user: User, next: str | None, caller: Caller) -> Arrival:
        begun = self.sessions.begin(
            uow, user, amr=AMR, remember=True, visit=caller.visit, previous=caller.previous
        )
        return Arrival(Reached.SIGNED_IN, begun, next)

    def _pending(self, profile: ExternalProfile, next: str | None, caller: Caller) -> PendingIdentity:
        """The identity as it is kept: its grant encrypted, bound to the browser that brought it."""
        now = self.clock()
        return PendingIdentity(
            id=new_id(),
            browser_hash=digest(caller.browser or new_secret()),
            provider=profile.provider,
            issuer=profile.issuer,
            subject=profile.subject,
            email=profile.address.email if profile.address else "",
            canonical=profile.address.canonical if profile.address else "",
            name=profile.name,
            refresh_token=self.vault.lock(profile.refresh_token) if profile.refresh_token else None,
            next=next,
            locale=caller.visit.locale,
            created_at=now,
            expires_at=now + self.proof.lifetime,
        )

    def _provider(self, name: str) -> IdentityProvider:
        provider = self.providers.get(name)
        if provider is None:
            raise NotFound
        return provider


def _has(user: User, provider: str) -> bool:
    return provider in user.providers


def _derived(browser: str, use: str, state: str) -> str:
    """Derive what must be secret until the code comes back: 43 characters, as RFC 7636 wants them."""
    mac = hmac.digest(browser.encode("utf-8", "replace"), f"masthead/{use}/{state}".encode(), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
