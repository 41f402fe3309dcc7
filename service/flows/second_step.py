"""The step between the first factor and the session, for accounts that ask for a second.

`Sessions.begin` lets nobody past without it, whichever way they came; what waits here opens nothing else (SES-16).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.core.errors import AccountDisabled, RateLimited
from service.core.factor_errors import InvalidCode, InvalidPasskey, StepExpired
from service.core.ports import Clock, Store, UnitOfWork
from service.core.return_urls import ReturnUrls
from service.core.second_factors import MULTIPLE, Method, SecondStep
from service.core.values import User, Visit, digest
from service.flows.passkeys import Passkeys
from service.flows.second_factor_check import SecondFactorCheck
from service.flows.sessions import Sessions, methods_of
from service.flows.signup import Confirmed


@dataclass(frozen=True)
class Waiting:
    """A sign-in that waits: for whom, and what they can show."""

    step: SecondStep
    user: User
    methods: tuple[Method, ...]


@dataclass(frozen=True)
class SecondStepFlow:
    """From the waiting sign-in to the session."""

    store: Store
    clock: Clock
    check: SecondFactorCheck
    passkeys: Passkeys
    sessions: Sessions
    return_urls: ReturnUrls

    def waiting(self, secret: str | None) -> Waiting:
        """Return the sign-in behind a secret. Raises `StepExpired`, and `AccountDisabled` for one closed meanwhile."""
        if not secret:
            raise StepExpired
        with self.store.read() as uow:
            return self._waiting(uow, digest(secret))

    def with_code(
        self, *, secret: str | None, method: Method, code: str, visit: Visit, previous: str | None = None
    ) -> Confirmed:
        """Finish with an app's code or a recovery code.

        Raises as `waiting`, `RateLimited` and `InvalidCode`; after five wrong codes the sign-in begins anew. Who has
        to wait before the next code has to begin anew as well, in every browser.
        """
        found = self.waiting(secret)
        try:
            return self._with_code(found, method, code, visit, previous)
        except RateLimited:
            with self.store.write() as uow:
                uow.second_steps.end_all(found.user.id)
            raise

    def with_passkey(
        self,
        *,
        secret: str | None,
        credential: Mapping[str, Any],
        challenge: str | None,
        visit: Visit,
        previous: str | None = None,
    ) -> Confirmed:
        """Finish with a passkey of the account. Raises as `waiting`, and `InvalidPasskey`."""
        found = self.waiting(secret)
        shown = self.passkeys.shown(credential, challenge)
        if shown.passkey.user_id != found.user.id:
            raise InvalidPasskey
        with self.store.write() as uow:
            self.passkeys.use(uow, shown, visit)
            return self._begin(uow, found, shown.amr, visit, previous)

    def _with_code(
        self, found: Waiting, method: Method, code: str, visit: Visit, previous: str | None
    ) -> Confirmed:
        with self.check.counted(found.user, visit):
            confirmed = None
            with self.store.write() as uow:
                uow.users.locked(found.user.id)
                found = self._waiting(uow, found.step.secret_hash)
                if self.check.passes(uow, found.user, method, code, visit):
                    confirmed = self._begin(uow, found, ("otp", MULTIPLE), visit, previous)
                else:
                    uow.second_steps.fail(found.step.secret_hash)
            if confirmed is None:
                raise InvalidCode
        return confirmed

    def _waiting(self, uow: UnitOfWork, secret_hash: bytes) -> Waiting:
        step = uow.second_steps.get(secret_hash)
        user = uow.users.by_id(step.user_id) if step else None
        if step is None or user is None or step.expires_at <= self.clock():
            raise StepExpired
        if user.disabled:
            raise AccountDisabled
        if user.credential_epoch != step.epoch:
            raise StepExpired
        return Waiting(step, user, methods_of(uow, user))

    def _begin(
        self, uow: UnitOfWork, found: Waiting, shown: tuple[str, ...], visit: Visit, previous: str | None
    ) -> Confirmed:
        """Begin the session of a sign-in whose account is locked, as it is now."""
        found = self._waiting(uow, found.step.secret_hash)
        if not uow.second_steps.take(found.step.secret_hash):
            raise StepExpired
        signed_in = self.sessions.begin(
            uow,
            found.user,
            amr=(*found.step.amr, *shown),
            remember=found.step.remember,
            visit=visit,
            previous=previous,
        )
        return Confirmed(signed_in, self.return_urls.safe(found.step.next))
