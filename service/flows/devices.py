"""Browsers an account has been used from: the owner is told when a new one signs in.

A browser is known by a random secret in a cookie of its own, kept as SHA-256 beside the account and forgotten when
it has not signed in for a year. Nothing else about the browser is kept, and the cookie opens nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.core.ports import Throttles, UnitOfWork
from service.core.throttles import Rule
from service.core.values import User, Visit, digest, new_secret
from service.flows.notices import tell

LETTER = "new_device"
REMEMBERED = timedelta(days=365)
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def secret_of(visit: Visit) -> str:
    """The secret of a browser's cookie, "" for what cannot be one of ours."""
    return visit.browser if SECRET.fullmatch(visit.browser) else ""


@dataclass(frozen=True)
class Devices:
    """Know browsers again, and tell of those that are new."""

    throttles: Throttles

    def recognise(self, uow: UnitOfWork, user: User, visit: Visit, *, at: datetime) -> str:
        """Note that a browser signs in to an account; return the secret it is known by from now on.

        The account's first browser is no news: it comes with the sign-up, or after a reset has forgotten all.
        """
        secret = secret_of(visit) or new_secret()
        first = not uow.devices.any(user.id)
        if uow.devices.note(user.id, digest(secret), at=at) and not first:
            self._tell(uow, user, visit, at)
        return secret

    def _tell(self, uow: UnitOfWork, user: User, visit: Visit, at: datetime) -> None:
        uow.audit.record("device.new", at=at, user_id=user.id, visit=visit)
        if self.throttles.allows(Rule.NEW_DEVICE_PER_ACCOUNT, user.id.hex):
            tell(uow, user, LETTER, at=at, visit=visit)
