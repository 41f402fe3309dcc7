"""The ways a reader can sign in that nobody can take from them by mistake: password, providers, passkeys."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from service.core.ports import UnitOfWork
from service.core.values import User

BEGINNING = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class WaysIn:
    """`providers` are those that are configured."""

    providers: Collection[str]

    def left(self, uow: UnitOfWork, user: User) -> bool:
        """Whether there is one. A link by mail does not count: a mailbox can be lost."""
        return can_use_password(user) or self._can_use_provider(uow, user) or bool(uow.passkeys.of(user.id))

    def _can_use_provider(self, uow: UnitOfWork, user: User) -> bool:
        identities = uow.identities.of(user.id)
        return any(one.blocked_at is None and one.provider in self.providers for one in identities)


def can_use_password(user: User) -> bool:
    """Whether a password opens this account: it needs an address to be typed beside it."""
    return user.has_password and user.email is not None


def forget_factors_since(uow: UnitOfWork, user_id: UUID, since: datetime) -> None:
    """Take away passkeys, app and recovery codes that came from an instant on, perhaps from somebody else."""
    uow.passkeys.remove_since(user_id, since)
    gone = uow.authenticator_apps.remove(user_id, since=since)
    uow.recovery_codes.remove_all(user_id, since=None if gone else since)
