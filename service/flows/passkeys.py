"""Passkeys: add one, sign in with one, take one away.

A challenge works once, within five minutes, in the browser that was given it, and, where a passkey is added, for that
reader alone. Options for signing in name no account's passkeys, so they tell nobody who has one (ENU-10). The
authenticator always verifies its user, so a passkey is both factors.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.core.errors import AccountDisabled, FieldError, LastSignInMethod, NotFound, ValidationFailed
from service.core.factor_errors import InvalidPasskey
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.profile import accept_name
from service.core.second_factors import CEREMONY_LIFE, MULTIPLE, Assertion, Authenticators, Ceremony, Passkey
from service.core.throttles import Rule
from service.core.values import User, Visit, digest, new_id
from service.flows.notices import tell_second_factor
from service.flows.reauthentication import Again, Reauthentication
from service.flows.sessions import Sessions, SignedIn, carry_over, still_in
from service.flows.ways_in import WaysIn

ADDED, REMOVED = "passkey_added", "passkey_removed"
MOST = 20
CHALLENGE_BYTES = 32


@dataclass(frozen=True)
class Offer:
    """What the browser's authenticator is asked, and the challenge its browser keeps in a cookie until it answers."""

    options: Mapping[str, Any]
    challenge: str


@dataclass(frozen=True)
class Shown:
    """A passkey that has answered a challenge, and what its authenticator told."""

    passkey: Passkey
    told: Assertion

    @property
    def amr(self) -> tuple[str, ...]:
        """What that says of a session (RFC 8176)."""
        return ("swk" if self.told.synced else "hwk", "user", MULTIPLE)


@dataclass(frozen=True)
class Passkeys:
    """From a challenge to a session, and the account page's list."""

    store: Store
    clock: Clock
    authenticators: Authenticators
    throttles: Throttles
    reauthentication: Reauthentication
    sessions: Sessions
    ways_in: WaysIn

    def offer_sign_in(self, visit: Visit) -> Offer:
        """Ask for any passkey of this site. Raises `RateLimited`."""
        challenge = self._challenge(None, visit)
        return Offer(self.authenticators.request_options(_bytes_of(challenge)), challenge)

    def shown(self, credential: Mapping[str, Any], challenge: str | None) -> Shown:
        """Check what a passkey answered. Raises `InvalidPasskey`."""
        self._take(challenge, None)
        credential_id = self.authenticators.credential_id(credential)
        with self.store.read() as uow:
            passkey = uow.passkeys.by_credential(credential_id)
        if passkey is None:
            raise InvalidPasskey
        return Shown(passkey, self.authenticators.asserted(credential, _bytes_of(challenge), passkey))

    def use(self, uow: UnitOfWork, shown: Shown, visit: Visit) -> User:
        """Note a use, in the transaction of what it is for; return the account, locked.

        Raises `InvalidPasskey` for one that was removed just now.
        """
        now, told = self.clock(), shown.told
        user = uow.users.locked(shown.passkey.user_id)
        passkey = uow.passkeys.by_credential(shown.passkey.credential_id)
        if user is None or passkey is None:
            raise InvalidPasskey
        if passkey.sign_count and told.sign_count <= passkey.sign_count:
            uow.passkeys.flag(passkey.id, at=now)
            uow.audit.record("passkey.copied", at=now, user_id=user.id, visit=visit, passkey=str(passkey.id))
        uow.passkeys.used(passkey, told, at=now)
        return user

    def sign_in(
        self,
        *,
        credential: Mapping[str, Any],
        challenge: str | None,
        remember: bool,
        visit: Visit,
        previous: str | None = None,
    ) -> SignedIn:
        """Sign in with nothing but a passkey. Raises `InvalidPasskey` and `AccountDisabled`."""
        shown = self.shown(credential, challenge)
        with self.store.write() as uow:
            user = self.use(uow, shown, visit)
            if user.disabled:
                raise AccountDisabled
            return self.sessions.begin(
                uow, user, amr=shown.amr, remember=remember, visit=visit, previous=previous
            )

    def offer_new(self, here: SignedIn, again: Again, visit: Visit) -> Offer:
        """Ask for a new passkey. Raises as `Reauthentication.require_factor`, and `ValidationFailed` for too many."""
        self.reauthentication.require_factor(here, again, visit)
        known = self.of(here)
        _require_room(known)
        challenge, user = self._challenge(here.user.id, visit), here.user
        account = user.email or user.name or str(user.id)
        options = self.authenticators.creation_options(
            challenge=_bytes_of(challenge),
            user_id=user.id,
            account=account,
            name=user.name or account,
            known=[passkey.credential_id for passkey in known],
        )
        return Offer(options, challenge)

    def add(
        self,
        here: SignedIn,
        *,
        credential: Mapping[str, Any],
        challenge: str | None,
        name: str | None,
        visit: Visit,
    ) -> Passkey:
        """Keep a passkey that was made, and tell the owner. Raises `InvalidPasskey` and `ValidationFailed`."""
        called = accept_name(name) or visit.device
        self._take(challenge, here.user.id)
        made, now = self.authenticators.registered(credential, _bytes_of(challenge)), self.clock()
        passkey = Passkey(
            id=new_id(),
            user_id=here.user.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=called,
            synced=made.synced,
            created_at=now,
        )
        with self.store.write() as uow:
            user = still_in(uow, here, at=now)
            _require_room(uow.passkeys.of(user.id))
            if not uow.passkeys.add(passkey):
                raise InvalidPasskey
            tell_second_factor(uow, user, ADDED, at=now, visit=visit, passkey=called)
            uow.audit.record("passkey.added", at=now, user_id=user.id, visit=visit, passkey=str(passkey.id))
        return passkey

    def of(self, here: SignedIn) -> Sequence[Passkey]:
        """The reader's passkeys, oldest first."""
        with self.store.read() as uow:
            return uow.passkeys.of(here.user.id)

    def remove(self, here: SignedIn, passkey_id: UUID, again: Again, visit: Visit) -> SignedIn:
        """Forget a passkey; every other session ends, this one gets a new secret.

        Raises `NotFound`, `LastSignInMethod`, and as `Reauthentication.require_factor`.
        """
        self.reauthentication.require_factor(here, again, visit)
        now = self.clock()
        with self.store.write() as uow:
            user = still_in(uow, here, at=now)
            gone = uow.passkeys.remove(passkey_id, user_id=user.id)
            if gone is None:
                raise NotFound
            if not self.ways_in.left(uow, user):
                raise LastSignInMethod
            tell_second_factor(uow, user, REMOVED, at=now, visit=visit, passkey=gone.name)
            uow.audit.record("passkey.removed", at=now, user_id=user.id, visit=visit, passkey=str(gone.id))
            return carry_over(uow, here)

    def _challenge(self, user_id: UUID | None, visit: Visit) -> str:
        """Hand a fresh challenge out. Raises `RateLimited`."""
        self.throttles.take(Rule.PASSKEY_PER_CLIENT, visit.network)
        challenge = urlsafe_b64encode(secrets.token_bytes(CHALLENGE_BYTES)).rstrip(b"=").decode()
        with self.store.write() as uow:
            uow.ceremonies.add(Ceremony(digest(challenge), user_id, self.clock() + CEREMONY_LIFE))
        return challenge

    def _take(self, challenge: str | None, user_id: UUID | None) -> None:
        """Use a challenge up, whatever then becomes of the answer. Raises `InvalidPasskey`."""
        with self.store.write() as uow:
            ceremony = uow.ceremonies.take(digest(challenge)) if challenge else None
        if ceremony is None or ceremony.user_id != user_id or ceremony.expires_at <= self.clock():
            raise InvalidPasskey


def _require_room(known: Sequence[Passkey]) -> None:
    if len(known) >= MOST:
        raise ValidationFailed(
            [FieldError("credential", "too_many_passkeys", "Remove a passkey you no longer use first.")]
        )


def _bytes_of(challenge: str | None) -> bytes:
    return urlsafe_b64decode(f"{challenge}=")
