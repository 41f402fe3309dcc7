"""A step too sensitive for a session alone: the password once more, or a sign-in of just now."""

from dataclasses import dataclass
from datetime import timedelta

from service.core.errors import ReauthenticationRequired
from service.core.ports import Clock
from service.core.values import Visit
from service.flows.password_check import PasswordCheck
from service.flows.sessions import SignedIn

FRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class Reauthentication:
    """Make sure that the reader, not a borrowed session, asks."""

    clock: Clock
    check: PasswordCheck

    def require(self, here: SignedIn, current_password: str | None, visit: Visit) -> None:
        """Raise `InvalidCredentials` for a wrong or missing password, `RateLimited` after too many.

        An account without a password needs a session that began in the last 15 minutes
        (`ReauthenticationRequired`).
        """
        user = here.user
        if user.password_hash is None:
            if self.clock() - here.session.auth_time > FRESH:
                raise ReauthenticationRequired
            return
        self.check.require(user.mailbox.canonical, current_password or "", visit)
