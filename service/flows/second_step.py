"""The step between the first factor and the session, for accounts that ask for a second.

`Sessions.begin` lets nobody past without it, whichever way they came; what waits here opens nothing else (SES-16).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.core.errors import AccountDisabled, InvalidCode, InvalidPasskey, StepExpired
from service.core.ports import Clock, Store
from service.core.return_urls import ReturnUrls
from service.core.second_factors import MULTIPLE, Method, SecondStep
from service.core.values import User, Visit, digest
from service.flows.passkeys import Passkeys
from service.flows.second_factor_check import SecondFactorCheck
from service.flows.sessions import Sessions, SignedIn, methods_of
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
            step = uow.second_steps.get(digest(secret))
            user = uow.users.by_id(step.user_id) if step else None
            if step is None or user is None or step.expires_at <= self.clock():
                raise StepExpired
            if user.disabled:
                raise AccountDisabled
            if user.credential_epoch != step.epoch:
                raise StepExpired
            return Waiting(step, user, methods_of(uow, user))

    def with_code(
        self, *, secret: str | None, method: Method, code: str, visit: Visit, previous: str | None = None
    ) -> Confirmed:
        """Finish with an app's code or a recovery code.

        Raises as `waiting`, `RateLimited` and `InvalidCode`; after five wrong codes the sign-in begins anew.
        """
        found = self.waiting(secret)
        with self.check.counted(found.user, visit):
            with self.store.write() as uow:
                signed_in = None
                if self.check.passes(uow, found.user, method, code, visit):
                    if not uow.second_steps.take(found.step.secret_hash):
                        raise StepExpired
                    signed_in = self.sessions.begin(
                        uow,
                        found.user,
                        amr=(*found.step.amr, "otp", MULTIPLE),
                        remember=found.step.remember,
                        visit=visit,
                        previous=previous,
                    )
                else:
                    uow.second_steps.fail(found.step.secret_hash)
            if signed_in is None:
                raise InvalidCode
        return self._confirmed(signed_in, found)

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
        used = self.passkeys.used(credential, challenge, visit)
        if used.passkey.user_id != found.user.id:
            raise InvalidPasskey
        with self.store.write() as uow:
            if not uow.second_steps.take(found.step.secret_hash):
                raise StepExpired
            signed_in = self.sessions.begin(
                uow,
                found.user,
                amr=(*found.step.amr, *used.amr),
                remember=found.step.remember,
                visit=visit,
                previous=previous,
            )
        return self._confirmed(signed_in, found)

    def _confirmed(self, signed_in: SignedIn, found: Waiting) -> Confirmed:
        return Confirmed(signed_in, self.return_urls.safe(found.step.next))
