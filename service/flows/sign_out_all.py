"""Everybody out: after a restored backup, which brings back what had ended, or when a copy of the database was stolen.

Sessions end as they always do, and services are told. What gives owners their account back stays: passwords, the link
back after a change of address, and "It was not me". So do browsers that are known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from service.core.ports import Clock, Store
from service.core.values import Visit
from service.flows.trying_again import patiently

PAGE = 200
"""Accounts in one transaction: readers who sign in meanwhile wait for no more."""

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class SignOutAll:
    """End every session and grant, and every link that signs in, resets, confirms or connects."""

    store: Store
    clock: Clock

    def run(self, visit: Visit) -> int:
        """Return how many accounts there are. Raises `Unavailable`; running it again goes on."""
        patiently(self._forget_what_waits)
        accounts, after = 0, UUID(int=0)
        while page := patiently(partial(self._sign_out, after)):
            accounts, after = accounts + len(page), page[-1]
        with self.store.write() as uow:
            uow.audit.record(
                "session.revoked_all", at=self.clock(), visit=visit, by="staff", accounts=accounts
            )
        return accounts

    def _forget_what_waits(self) -> None:
        with self.store.write() as uow:
            uow.signups.purge(END_OF_TIME)
            uow.attempts.purge(END_OF_TIME)
            uow.pending_identities.purge(END_OF_TIME)
            uow.access_tokens.purge(END_OF_TIME)

    def _sign_out(self, after: UUID) -> Sequence[UUID]:
        with self.store.write() as uow:
            page = uow.users.raise_epochs(after, limit=PAGE)
            uow.sessions.end_all_of(page)
        return page
