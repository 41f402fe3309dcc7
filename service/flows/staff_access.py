"""Who may open the staff pages: the role, a second factor, and a sign-in that is not too old.

The pages show every reader, so they ask for more than an account page does, each time they are opened.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.core.errors import NotFound, ReauthenticationRequired
from service.core.ports import Clock, Store
from service.core.second_factors import MULTIPLE
from service.core.values import User
from service.flows.sessions import SignedIn

ADMIN = "admin"
LONGEST_SESSION = timedelta(hours=8)
LONGEST_PAUSE = timedelta(minutes=30)
FRESH = timedelta(minutes=15)


class NoSecondFactor(Exception):
    """Staff who have set up neither an authenticator app nor a passkey."""


@dataclass(frozen=True)
class StaffAccess:
    """Deny, unless all of it holds."""

    store: Store
    clock: Clock

    def require(self, here: SignedIn, *, last_use: datetime | None, to_change: bool) -> None:
        """Let staff in; `last_use` is when this session last opened a staff page, None for not yet.

        Raises `NotFound` for readers, `NoSecondFactor`, and `ReauthenticationRequired` where the session began without
        the second factor, more than 8 hours ago, or was not used here for 30 minutes; to change something it must have
        begun within 15.
        """
        if ADMIN not in here.user.roles:
            raise NotFound
        if not self._has_factor(here.user):
            raise NoSecondFactor
        session, now = here.session, self.clock()
        used = max(session.auth_time, last_use or session.auth_time)
        kept = now - session.auth_time <= LONGEST_SESSION and now - used <= LONGEST_PAUSE
        if MULTIPLE not in session.amr or not kept or (to_change and not self.may_change(here)):
            raise ReauthenticationRequired

    def may_change(self, here: SignedIn) -> bool:
        """Whether the sign-in is recent enough to change something."""
        return self.clock() - here.session.auth_time <= FRESH

    def _has_factor(self, user: User) -> bool:
        if user.second_factor:
            return True
        with self.store.read() as uow:
            return bool(uow.passkeys.of(user.id))
