"""The ways a reader can sign in: which there are, and giving one up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.core.errors import LastSignInMethod, NotFound
from service.core.identities import Identity
from service.core.ports import Clock, Store
from service.core.values import User, Visit
from service.flows.identities import unlinked
from service.flows.sessions import SignedIn


@dataclass(frozen=True)
class Connection:
    """A provider as the account page shows it; `identity` is None for one that is not connected."""

    provider: str
    label: str
    identity: Identity | None

    @property
    def since(self) -> datetime | None:
        return self.identity.created_at if self.identity else None


@dataclass(frozen=True)
class Linking:
    """`labels` names the providers that are configured, in the order they are shown."""

    store: Store
    clock: Clock
    labels: Mapping[str, str]

    def connections(self, here: SignedIn) -> Sequence[Connection]:
        """Every provider a reader could use, and those they have used that are configured no more."""
        with self.store.read() as uow:
            mine = {identity.provider: identity for identity in uow.identities.of(here.user.id)}
        labels = dict(self.labels) | {name: self.labels.get(name, name) for name in mine}
        return [Connection(name, label, mine.get(name)) for name, label in labels.items()]

    def unlink(self, here: SignedIn, provider: str, visit: Visit) -> None:
        """Give up a provider. Raises `NotFound`, and `LastSignInMethod` when the reader could not get in any more."""
        now = self.clock()
        with self.store.write() as uow:
            user = uow.users.locked(here.user.id)
            identities = uow.identities.of(here.user.id)
            if user is None or provider not in {identity.provider for identity in identities}:
                raise NotFound
            others = [identity for identity in identities if identity.provider != provider]
            if not can_use_password(user) and self._opens(identities) and not self._opens(others):
                raise LastSignInMethod
            gone = uow.identities.remove(user.id, provider)
            assert gone is not None
            unlinked(uow, user, gone, at=now, visit=visit)

    def _opens(self, identities: Sequence[Identity]) -> bool:
        """Whether one of these lets its reader in: not blocked, of a provider that is still configured."""
        return any(one.blocked_at is None and one.provider in self.labels for one in identities)


def can_use_password(user: User) -> bool:
    """Whether a password opens this account: it needs an address to be typed beside it."""
    return user.has_password and user.email is not None
