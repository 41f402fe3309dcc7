"""What staff see: how things go, one account with all that helps its owner, the fate of letters, the audit trail.

Whoever looks at an account is in its audit trail: `by` is their id. Nothing of it opens anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.core.addresses import parse_address
from service.core.directory import AuditEvent, AuditQuestion
from service.core.errors import NotFound
from service.core.identities import Identity
from service.core.paging import Page
from service.core.ports import Clock, Store, UnitOfWork
from service.core.second_factors import Passkey
from service.core.values import Session, User, Visit
from service.flows.directory import Directory
from service.flows.mail_timeline import MailTimeline, Timeline
from service.flows.sessions import SignedIn

RECENT = 10
EVENTS_OF_AN_ACCOUNT = 20
COUNTED = 1_000
PAGE = 500
MOST_EXPORTED = 20_000


@dataclass(frozen=True)
class Glance:
    """How things go: the newest sign-ups and failed sign-ins, letters that are due (counted up to 1,000)."""

    signups: Sequence[AuditEvent]
    failures: Sequence[AuditEvent]
    waiting: int
    waiting_since: datetime | None


@dataclass(frozen=True)
class Account:
    """One account: who, how they sign in and are signed in, their letters, what happened lately."""

    user: User
    identities: Sequence[Identity]
    app_since: datetime | None
    recovery_codes: int
    passkeys: Sequence[Passkey]
    sessions: Sequence[Session]
    mail: Timeline
    events: Sequence[AuditEvent]


@dataclass(frozen=True)
class StaffDesk:
    """Look, and have it noted."""

    store: Store
    clock: Clock
    directory: Directory
    mail_timeline: MailTimeline

    def glance(self) -> Glance:
        """Return how things go."""
        now = self.clock()
        with self.store.read() as uow:
            waiting, since = uow.outbox.waiting(now, at_most=COUNTED), uow.outbox.waiting_since(now)
        return Glance(self._newest("user.created"), self._newest("login.failed"), waiting, since)

    def find(self, typed: str) -> User:
        """Return the account of a whole id or a whole address. Raises `NotFound` and `ValidationFailed`."""
        try:
            return self.directory.user(UUID(typed))
        except ValueError:
            found = self.directory.at_address(typed).items
        if not found:
            raise NotFound
        return found[0]

    def account(self, user_id: UUID, staff: SignedIn, visit: Visit) -> Account:
        """Return an account as staff see it, and note that they did. Raises `NotFound`."""
        user = self.directory.user(user_id)
        mail = self.mail_timeline.of_user(user_id)
        recent = self.directory.events(
            AuditQuestion(user_id=user_id), cursor=None, limit=EVENTS_OF_AN_ACCOUNT
        )
        with self.store.write() as uow:
            self._note(uow, "user.viewed", user_id, staff, visit)
            app = uow.authenticator_apps.of(user_id)
            return Account(
                user,
                uow.identities.of(user_id),
                app.confirmed_at if app else None,
                uow.recovery_codes.count(user_id),
                uow.passkeys.of(user_id),
                uow.sessions.of(user_id, self.clock()),
                mail,
                recent.items,
            )

    def mail(self, address: str, staff: SignedIn, visit: Visit) -> Timeline:
        """Return what became of an address's letters, and note who looked. Raises `ValidationFailed`."""
        timeline, canonical = self.mail_timeline.of_address(address), parse_address(address).canonical
        with self.store.write() as uow:
            user = uow.users.by_address(canonical)
            self._note(uow, "mail.viewed", user.id if user else None, staff, visit)
        return timeline

    def events(
        self, question: AuditQuestion, staff: SignedIn, visit: Visit, *, cursor: str | None, limit: int
    ) -> Page[AuditEvent]:
        """Return a page of the audit trail; who asks for one account's is noted in it. Raises `ValidationFailed`."""
        page = self.directory.events(question, cursor=cursor, limit=limit)
        if question.user_id is not None:
            with self.store.write() as uow:
                self._note(uow, "audit.viewed", question.user_id, staff, visit)
        return page

    def export(self, question: AuditQuestion, staff: SignedIn, visit: Visit) -> Sequence[AuditEvent]:
        """Return the newest 20,000 events that are asked for, and note who took them along."""
        events = list(self._all(question))
        with self.store.write() as uow:
            self._note(uow, "audit.exported", question.user_id, staff, visit, events=len(events))
        return events

    def _all(self, question: AuditQuestion) -> Iterator[AuditEvent]:
        cursor, told = None, 0
        while told < MOST_EXPORTED:
            page = self.directory.events(question, cursor=cursor, limit=PAGE)
            yield from page.items
            cursor, told = page.next_cursor, told + len(page.items)
            if cursor is None:
                return

    def _newest(self, kind: str) -> Sequence[AuditEvent]:
        return self.directory.events(AuditQuestion(kind=kind), cursor=None, limit=RECENT).items

    def _note(
        self,
        uow: UnitOfWork,
        kind: str,
        user_id: UUID | None,
        staff: SignedIn,
        visit: Visit,
        **more: object,
    ) -> None:
        uow.audit.record(kind, at=self.clock(), user_id=user_id, visit=visit, by=str(staff.user.id), **more)
