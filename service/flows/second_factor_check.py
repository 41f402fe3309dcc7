"""The one way a code is looked at: to sign in, and when it is asked for again (LOG-10, MFA-04).

Wrong ones are counted by account and by network before they are looked at. An app's code works once, and no older one
after it; a recovery code works once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from service.core.errors import RateLimited
from service.core.factor_errors import InvalidCode
from service.core.identities import Vault
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.recovery_codes import plain
from service.core.second_factors import Method, OneTimeCodes, method_of
from service.core.throttles import Rule
from service.core.values import User, Visit, digest
from service.flows.notices import tell_second_factor

CODE_USED = "code_used"


@dataclass(frozen=True)
class SecondFactorCheck:
    """Look at codes."""

    store: Store
    clock: Clock
    codes: OneTimeCodes
    vault: Vault
    throttles: Throttles

    @contextmanager
    def counted(self, user: User, visit: Visit) -> Iterator[None]:
        """Count a try, and forget it unless `InvalidCode` leaves the block. Raises `RateLimited`."""
        shared, own = (Rule.CODE_PER_CLIENT, visit.network), (Rule.CODE_PER_ACCOUNT, user.id.hex)
        rules = [shared, own]
        self.throttles.take(*shared)
        try:
            self.throttles.take(*own)
        except RateLimited:
            self._forget([shared])  # no code is looked at: others of the network need not wait as well
            raise
        try:
            yield
        except InvalidCode:
            raise
        except Exception:
            self._forget(rules)
            raise
        self._forget(rules)

    def require(self, user: User, code: str, visit: Visit) -> None:
        """Use a code of either kind up. Raises `RateLimited` and `InvalidCode`."""
        with self.counted(user, visit):
            with self.store.write() as uow:
                uow.users.locked(user.id)  # before the code's row, as whoever changes the factors does
                passed = self.passes(uow, user, method_of(code), code, visit)
            if not passed:
                raise InvalidCode

    def passes(self, uow: UnitOfWork, user: User, method: Method, code: str, visit: Visit) -> bool:
        """Use a code up, in the caller's transaction; say whether it was right. A wrong one is recorded."""
        now = self.clock()
        if method is Method.TOTP and self._passes_app(uow, user, code):
            return True
        if method is Method.RECOVERY_CODE and uow.recovery_codes.use(user.id, digest(plain(code))):
            left = uow.recovery_codes.count(user.id)
            uow.audit.record("mfa.code_used", at=now, user_id=user.id, visit=visit, left=left)
            tell_second_factor(uow, user, CODE_USED, at=now, visit=visit, left=str(left))
            return True
        uow.audit.record("mfa.failed", at=now, user_id=user.id, visit=visit, method=method.value)
        return False

    def step_of(self, locked_secret: str, code: str) -> int | None:
        """Return the time step of an app's code; None for a wrong one."""
        secret = self.vault.unlock(locked_secret)
        return self.codes.step(secret, code, self.clock()) if secret is not None else None

    def _passes_app(self, uow: UnitOfWork, user: User, code: str) -> bool:
        app = uow.authenticator_apps.of(user.id)
        if app is None or app.confirmed_at is None:
            return False
        step = self.step_of(app.locked_secret, code)
        return step is not None and uow.authenticator_apps.use(user.id, step=step)

    def _forget(self, rules: list[tuple[Rule, str]]) -> None:
        for rule, key in rules:
            self.throttles.give_back(rule, key)
