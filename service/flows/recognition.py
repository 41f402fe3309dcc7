"""Whom a provider's word opens an account for: the table of product.md 1.4.

Issuer and subject say who somebody is. Their address only decides about linking, and only as far as the provider
vouches for it; what it does not vouch for is proven first (`service.flows.proof`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.core.errors import AccountDisabled, AttemptExpired, IdentityBlocked, IdentityTaken, LinkRequired
from service.core.factor_errors import SecondFactorFirst
from service.core.identities import ExternalProfile, Identity, PendingIdentity, Vault
from service.core.ports import Clock, Store, UnitOfWork
from service.core.values import User, Visit, digest, new_id, new_secret
from service.flows.identities import JOINED, link, reclaim
from service.flows.proof import Proof
from service.flows.sessions import Sessions, SignedIn, still_in

AMR = ("fed",)


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
class Recognition:
    """From a checked profile to a session, a link, or a letter that asks for a proof."""

    store: Store
    clock: Clock
    sessions: Sessions
    vault: Vault
    proof: Proof

    def recognise(self, profile: ExternalProfile, next: str | None, caller: Caller) -> Arrival:
        """Sign in whom the profile is about.

        Raises `AccountDisabled`, `IdentityBlocked`, `IdentityTaken`, and `LinkRequired` or `SecondFactorFirst` when
        an account must be proven first. Of two first sign-ins at once the second one finds the account.
        """
        try:
            return self._decide(profile, next, caller)
        except IdentityTaken:
            return self._decide(profile, next, caller)

    def link_here(
        self, profile: ExternalProfile, session_id: UUID, next: str | None, caller: Caller
    ) -> Arrival:
        """Add the identity to the reader who asked for it, if it is still them.

        Raises `AttemptExpired`, `IdentityTaken`, and `Unauthenticated` for a session that has ended just now.
        """
        here = caller.here
        if here is None or here.session.id != session_id:
            raise AttemptExpired
        now = self.clock()
        with self.store.write() as uow:
            still_in(uow, here, at=now)  # the provider was asked meanwhile, which takes its time
            known = uow.identities.by_subject(profile.issuer, profile.subject)
            if known is not None and known.user_id != here.user.id:
                raise IdentityTaken
            if known is None:
                link(uow, here.user, self._pending(profile, next, caller), at=now, visit=caller.visit)
        return Arrival(Reached.LINKED, here, next)

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
            if profile.authoritative and profile.provider not in user_found.providers:
                if user_found.disabled:
                    raise AccountDisabled
                user = reclaim(uow, user_found, at=now, visit=caller.visit)
                if user.second_factor:
                    raise SecondFactorFirst
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
            uow, user, amr=AMR, remember=True, visit=caller.visit, previous=caller.previous, next=next
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
