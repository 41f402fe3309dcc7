"""A step too sensitive for a session alone: the password or a code once more, or a sign-in of just now."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from service.core.errors import ReauthenticationRequired
from service.core.ports import Clock
from service.core.second_factors import MULTIPLE
from service.core.values import Visit
from service.flows.password_check import PasswordCheck
from service.flows.second_factor_check import SecondFactorCheck
from service.flows.sessions import SignedIn

FRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class Again:
    """What a reader shows once more: the password, or a code of either kind."""

    current_password: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)


class Proof(StrEnum):
    """What a reader has to show once more."""

    PASSWORD = "password"
    CODE = "code"
    SIGN_IN = "sign_in"


@dataclass(frozen=True)
class Reauthentication:
    """Make sure that the reader, not a borrowed session, asks."""

    clock: Clock
    check: PasswordCheck
    check_code: SecondFactorCheck

    def require(self, here: SignedIn, current_password: str | None, visit: Visit) -> None:
        """Raise `InvalidCredentials` for a wrong or missing password, `RateLimited` after too many.

        An account without a password needs a session that began in the last 15 minutes
        (`ReauthenticationRequired`).
        """
        user = here.user
        if user.password_hash is None:
            self._require_fresh(here)
            return
        self.check.require(user.mailbox.canonical, current_password or "", visit)

    def require_factor(self, here: SignedIn, again: Again, visit: Visit) -> None:
        """Ask for what the account's sign-in asks for, before that is changed (MFA-06).

        With a second factor: a code, unless the session began with both in the last 15 minutes. Raises
        `ReauthenticationRequired`, `InvalidCode` and `RateLimited`. Without one: as `require`.
        """
        if not here.user.second_factor:
            self.require(here, again.current_password, visit)
        elif again.code:
            self.check_code.require(here.user, again.code, visit)
        elif MULTIPLE in here.session.amr:
            self._require_fresh(here)
        else:
            raise ReauthenticationRequired

    def asks(self, here: SignedIn) -> Proof | None:
        """Say what `require_factor` asks of a session, None for nothing."""
        if here.user.second_factor:
            return None if MULTIPLE in here.session.amr and self._is_fresh(here) else Proof.CODE
        if here.user.password_hash is not None:
            return Proof.PASSWORD
        return None if self._is_fresh(here) else Proof.SIGN_IN

    def _is_fresh(self, here: SignedIn) -> bool:
        return self.clock() - here.session.auth_time <= FRESH

    def _require_fresh(self, here: SignedIn) -> None:
        if not self._is_fresh(here):
            raise ReauthenticationRequired
