"""Leaving: an account is closed at once, erased when its grace is over, and kept by whoever signs in before.

Signing in is the undo (`Sessions.begin`). The worker erases, one account a transaction: the row, all that
hangs on it and every letter; of the audit trail only what happened to which id stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.core.errors import InvalidCredentials, NotFound, Unavailable
from service.core.ports import Clock, Farewell, Store, UnitOfWork
from service.core.values import Letter, OutboxRow, Outcome, Priority, User, Visit
from service.flows import notices
from service.flows.links import Links
from service.flows.notices import circumstances, tell
from service.flows.reauthentication import Reauthentication
from service.flows.sessions import SignedIn

SCHEDULED = "deletion_scheduled"
DONE = "deletion_done"
AT_ONCE = 100  # accounts in one round of the worker


@dataclass(frozen=True)
class Erasure:
    """`grace` is how long an account waits to be erased; `farewells` are said to other services before it is."""

    store: Store
    clock: Clock
    reauthentication: Reauthentication
    links: Links
    grace: timedelta
    farewells: Sequence[Farewell] = ()

    def schedule(self, here: SignedIn, *, current_password: str | None, visit: Visit) -> datetime:
        """Close the account and say when it is erased; every session and link ends now.

        Raises `InvalidCredentials`, `ReauthenticationRequired` and `RateLimited`.
        """
        self.reauthentication.require(here, current_password, visit)
        user, now = here.user, self.clock()
        erases_at = now + self.grace
        with self.store.write() as uow:
            if not uow.holdings.plan_erasure(user.id, erases_at=erases_at, if_epoch=here.session.epoch):
                raise InvalidCredentials
            uow.sessions.end_all(user.id)
            tell(uow, user, SCHEDULED, at=now, visit=visit, erases_at=erases_at.isoformat())
            uow.audit.record("user.deletion_scheduled", at=now, user_id=user.id, visit=visit)
        return erases_at

    def scheduled_letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Say when the account goes and how to keep it."""
        erases_at = datetime.fromisoformat(row.context["erases_at"])
        more = {
            "erases_text": erases_at.date(),  # written out in the language of the letter
            "login_link": self.links.login(),
            "forgot_link": self.links.forgot_password(),
        }
        return Letter(SCHEDULED, row.address, row.context["locale"], circumstances(row) | more)

    def done_letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Say that nothing is left."""
        return Letter(DONE, row.address, row.context["locale"], {"name": row.context["name"]})

    def erase_due(self) -> int:
        """Erase the accounts whose grace is over; how many. Raises `Unavailable`.

        An account that cannot be erased does not hold up the others; its error is raised after them.
        """
        with self.store.read() as uow:
            due = uow.holdings.due(self.clock(), AT_ONCE)
        erased, trouble = 0, None
        for user_id in due:
            try:
                erased += self._erase_if_due(user_id)
            except Unavailable:
                raise
            except Exception as error:
                trouble = error
        if trouble is not None:
            raise trouble
        return erased

    def erase(self, user_id: UUID, visit: Visit, *, by: str) -> None:
        """Erase an account at once, without a grace, in the name of `by`. Raises `NotFound`."""
        now = self.clock()
        with self.store.write() as uow:
            user = uow.users.locked(user_id)
            if user is None:
                raise NotFound
            uow.holdings.plan_erasure(user_id, erases_at=now, if_epoch=user.credential_epoch)
            uow.sessions.end_all(user_id)
            if self._erase(uow, user, now):
                uow.audit.record("user.deleted", at=now, user_id=user_id, visit=visit, by=by)

    def _erase_if_due(self, user_id: UUID) -> bool:
        now = self.clock()
        with self.store.write() as uow:
            user = uow.users.by_id(user_id)
            if user is None or not self._erase(uow, user, now):
                return False
            uow.audit.record("user.deleted", at=now, user_id=user_id)
        return True

    def _erase(self, uow: UnitOfWork, user: User, now: datetime) -> bool:
        if not uow.holdings.begin_erasure(user, now):
            return False  # somebody signed in since, or another worker was faster
        for farewell in self.farewells:
            farewell(uow, user, at=now)
        uow.holdings.finish_erasure(user)
        self._say_goodbye(uow, user, now)
        return True

    @staticmethod
    def _say_goodbye(uow: UnitOfWork, user: User, now: datetime) -> None:
        """The last letter; its row is the only place the address is left in, and knows no id."""
        if user.email is None or user.canonical is None:
            return
        uow.outbox.add(
            DONE,
            address=user.email,
            canonical=user.canonical,
            at=now,
            expires_in=notices.LIFETIME,
            priority=Priority.NOTICE,
            context={"name": user.name, "locale": user.locale or "en"},
        )
