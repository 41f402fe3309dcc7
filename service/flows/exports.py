"""Take all accounts along to another system, or keep them beside the backups."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from service.core.ports import Clock, Store
from service.core.values import User, Visit

PAGE = 500


@dataclass(frozen=True)
class Exports:
    """Every account, page by page in the order of their ids; who joins meanwhile is among the last."""

    store: Store
    clock: Clock

    def run(self, visit: Visit, *, with_hashes: bool) -> Iterator[User]:
        """Give each account, hash and all; `with_hashes` is for the audit trail, which hears of it before the first."""
        with self.store.write() as uow:
            uow.audit.record(
                "users.exported", at=self.clock(), visit=visit, by="staff", with_hashes=with_hashes
            )
        after = UUID(int=0)
        while True:
            with self.store.read() as uow:
                page = uow.users.page(after, limit=PAGE)
            if not page:
                return
            yield from page
            after = page[-1].id
