"""A step too sensitive for a session alone: the password once more, or a sign-in of just now."""

from dataclasses import dataclass
from datetime import timedelta

from service.core.errors import InvalidCredentials, ReauthenticationRequired
from service.core.passwords import normalise_password
from service.core.ports import Clock, Passwords, Throttles
from service.core.throttles import Rule
from service.flows.sessions import SignedIn

FRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class Reauthentication:
    """Make sure that the reader, not a borrowed session, asks."""

    clock: Clock
    passwords: Passwords
    throttles: Throttles

    def require(self, here: SignedIn, current_password: str | None) -> None:
        """Raise `InvalidCredentials` for a wrong or missing password, `RateLimited` after too many.

        An account without a password needs a session that began in the last 15 minutes
        (`ReauthenticationRequired`).
        """
        user = here.user
        if user.password_hash is None:
            if self.clock() - here.session.auth_time > FRESH:
                raise ReauthenticationRequired
            return
        guesses = user.canonical or user.id.hex
        self.throttles.take(Rule.LOGIN_PER_ACCOUNT, guesses)
        attempt = normalise_password(current_password or "")
        if attempt is None or not self.passwords.verify(user.password_hash, attempt):
            raise InvalidCredentials
        self.throttles.clear(Rule.LOGIN_PER_ACCOUNT, guesses)
