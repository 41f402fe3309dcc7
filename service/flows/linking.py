"""The ways a reader can sign in: which there are, and giving one up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.core.errors import LastSignInMethod, NotFound
from service.core.identities import Identity
from service.core.ports import Clock, Store
from service.core.values import Visit
from service.flows.identities import unlinked
from service.flows.sessions import SignedIn
from service.flows.ways_in import WaysIn


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
    ways_in: WaysIn

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
            had_one = user is not None and self.ways_in.left(uow, user)
            gone = uow.identities.remove(here.user.id, provider)
            if user is None or gone is None:
                raise NotFound
            if had_one and not self.ways_in.left(uow, user):
                raise LastSignInMethod
            unlinked(uow, user, gone, at=now, visit=visit)
