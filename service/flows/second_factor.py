"""A second factor for an account: set an authenticator app up, keep recovery codes, remove both.

An app counts only once it has shown a code. Whoever turns the second factor on or off ends every other session, and
the owner is told by mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from service.core.errors import NotFound
from service.core.factor_errors import InvalidCode, SecondFactorInUse, StepExpired
from service.core.identities import Vault
from service.core.ports import Clock, Store, UnitOfWork
from service.core.recovery_codes import new_codes, plain
from service.core.second_factors import AuthenticatorApp, OneTimeCodes
from service.core.values import User, Visit, digest
from service.flows.accounts import STAFF
from service.flows.notices import tell_second_factor
from service.flows.reauthentication import Again, Reauthentication
from service.flows.second_factor_check import SecondFactorCheck
from service.flows.sessions import SignedIn, carry_over, still_in

APP_ADDED, APP_REMOVED = "app_added", "app_removed"
CODES_RENEWED, CODES_REMOVED = "codes_renewed", "codes_removed"
OFFER_LIFE = timedelta(minutes=30)


@dataclass(frozen=True)
class NewApp:
    """What an authenticator app needs; told once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True)
class TurnedOn:
    """The session under its new secret, and the recovery codes; told once."""

    signed_in: SignedIn
    recovery_codes: Sequence[str] = field(repr=False)


@dataclass(frozen=True)
class Status:
    """Since when an account asks for a second factor, None for not; how many recovery codes are left."""

    since: datetime | None
    recovery_codes: int


@dataclass(frozen=True)
class SecondFactor:
    """Turn it on and off."""

    store: Store
    clock: Clock
    codes: OneTimeCodes
    vault: Vault
    check: SecondFactorCheck
    reauthentication: Reauthentication

    def status(self, here: SignedIn) -> Status:
        with self.store.read() as uow:
            app = uow.authenticator_apps.of(here.user.id)
            return Status(app.confirmed_at if app else None, uow.recovery_codes.count(here.user.id))

    def offer(self, here: SignedIn, again: Again, visit: Visit) -> NewApp:
        """Make a secret for an app; nothing changes until the app has shown a code.

        Raises as `Reauthentication.require_factor`, and `SecondFactorInUse`.
        """
        user, now = here.user, self.clock()
        self.reauthentication.require_factor(here, again, visit)
        secret = self.codes.new_secret()
        app = AuthenticatorApp(user.id, self.vault.lock(secret), now)
        with self.store.write() as uow:
            still_in(uow, here, at=now)
            if not uow.authenticator_apps.offer(app):
                raise SecondFactorInUse
        return NewApp(secret, self.codes.uri(secret, user.email or user.name or str(user.id)))

    def confirm(self, here: SignedIn, code: str, visit: Visit) -> TurnedOn:
        """Turn the second factor on with the app's first code.

        Raises `RateLimited`, `InvalidCode`, `SecondFactorInUse`, and `StepExpired` without an offer of the last half
        hour.
        """
        user, now, recovery_codes = here.user, self.clock(), new_codes()
        with self.check.counted(user, visit), self.store.write() as uow:
            still_in(uow, here, at=now)
            app = uow.authenticator_apps.of(user.id)
            if app is not None and app.confirmed_at is not None:
                raise SecondFactorInUse
            if app is None or now - app.created_at > OFFER_LIFE:
                raise StepExpired
            step = self.check.step_of(app.locked_secret, code)
            if step is None or not uow.authenticator_apps.confirm(user.id, step=step, at=now):
                raise InvalidCode
            self._give_codes(uow, user, recovery_codes, now)
            tell_second_factor(uow, user, APP_ADDED, at=now, visit=visit)
            uow.audit.record("mfa.enabled", at=now, user_id=user.id, visit=visit)
            return TurnedOn(carry_over(uow, here), recovery_codes)

    def renew_codes(self, here: SignedIn, again: Again, visit: Visit) -> Sequence[str]:
        """Replace the recovery codes. Raises as `Reauthentication.require_factor`, and `NotFound` without an app."""
        self.reauthentication.require_factor(here, again, visit)
        user, now, recovery_codes = here.user, self.clock(), new_codes()
        with self.store.write() as uow:
            still_in(uow, here, at=now)
            app = uow.authenticator_apps.of(user.id)
            if app is None or app.confirmed_at is None:
                raise NotFound
            self._give_codes(uow, user, recovery_codes, now)
            tell_second_factor(uow, user, CODES_RENEWED, at=now, visit=visit)
            uow.audit.record("mfa.codes_renewed", at=now, user_id=user.id, visit=visit)
        return recovery_codes

    def remove_codes(self, here: SignedIn, again: Again, visit: Visit) -> None:
        """Do without recovery codes. Raises as `Reauthentication.require_factor`."""
        self.reauthentication.require_factor(here, again, visit)
        user, now = here.user, self.clock()
        with self.store.write() as uow:
            still_in(uow, here, at=now)
            uow.recovery_codes.remove_all(user.id)
            tell_second_factor(uow, user, CODES_REMOVED, at=now, visit=visit)
            uow.audit.record("mfa.codes_removed", at=now, user_id=user.id, visit=visit)

    def remove(self, here: SignedIn, again: Again, visit: Visit) -> SignedIn:
        """Turn the second factor off. Raises as `Reauthentication.require_factor`, and `NotFound` where it is off."""
        self.reauthentication.require_factor(here, again, visit)
        with self.store.write() as uow:
            self._remove(uow, still_in(uow, here, at=self.clock()), visit, by=None)
            return carry_over(uow, here)

    def remove_for(self, user_id: UUID, visit: Visit, *, by: str = STAFF) -> User:
        """Turn it off, as staff, for a reader who has lost app and codes; sessions end. Raises `NotFound`."""
        with self.store.write() as uow:
            user = uow.users.locked(user_id)
            if user is None:
                raise NotFound
            self._remove(uow, user, visit, by=by)
            uow.users.raise_epoch(user_id)
            uow.sessions.end_all(user_id)
            return uow.users.by_id(user_id) or user

    def _remove(self, uow: UnitOfWork, user: User, visit: Visit, *, by: str | None) -> None:
        app = uow.authenticator_apps.of(user.id)
        if app is None or app.confirmed_at is None or not uow.authenticator_apps.remove(user.id):
            raise NotFound
        uow.recovery_codes.remove_all(user.id)
        now = self.clock()
        tell_second_factor(uow, user, APP_REMOVED, at=now, visit=None if by else visit)  # not where staff are
        uow.audit.record("mfa.disabled", at=now, user_id=user.id, visit=visit, **({"by": by} if by else {}))

    @staticmethod
    def _give_codes(uow: UnitOfWork, user: User, recovery_codes: Sequence[str], now: datetime) -> None:
        hashes = [digest(plain(code)) for code in recovery_codes]
        uow.recovery_codes.replace(user.id, hashes, at=now)
