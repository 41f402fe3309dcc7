"""Addresses that get no letters: fed by bounces, complaints, mail servers and staff; lifted by proof or by staff.

Nothing of this is looked at when somebody asks for a letter, so the answer to asking stays the same for all
addresses. The worker looks, right before it would write.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.core.addresses import parse_address
from service.core.errors import ValidationFailed
from service.core.mail_events import (
    EventKind,
    MailEvent,
    MailReport,
    Reason,
    Suppression,
    status_in,
    told,
    what_it_means,
)
from service.core.ports import Clock, Store, UnitOfWork
from service.core.values import OutboxRow, Visit

SOFT_BOUNCES = 3  # so many within SOFT_SPAN, and the address rests for as long
SOFT_SPAN = timedelta(days=7)
REASONS = {EventKind.BOUNCED: Reason.HARD_BOUNCE, EventKind.COMPLAINED: Reason.COMPLAINT}
MENDED_BY_PROOF = (Reason.SOFT_BOUNCES, Reason.HARD_BOUNCE)


def lift_by_proof(uow: UnitOfWork, canonical: str) -> None:
    """Write to an address again whose owner has just used a mailed link: letters do arrive there.

    A complaint and staff's own word stay: they are about being written to, not about arriving.
    """
    uow.suppressions.lift(canonical, reasons=MENDED_BY_PROOF)


@dataclass(frozen=True)
class Suppressions:
    """The list, and what is told about it."""

    store: Store
    clock: Clock

    def report(self, reports: Iterable[MailReport]) -> int:
        """Take bounces and complaints; return how many were news. Telling twice changes nothing."""
        with self.store.write() as uow:
            return sum(self._take(uow, report) for report in reports)

    def refused(self, row: OutboxRow, uow: UnitOfWork, answer: str) -> None:
        """Take a mail server's final no to a recipient, in the commit that settles the letter."""
        kind = what_it_means(status_in(answer))
        self._take(uow, MailReport(kind, "smtp", f"smtp:{row.id}", row.address, row.id, answer))

    def of(self, address: str) -> Suppression | None:
        """Return why an address gets no letters, None when it does. Raises `ValidationFailed`."""
        canonical = parse_address(address).canonical
        with self.store.read() as uow:
            return uow.suppressions.active(canonical, self.clock())

    def all(self) -> Sequence[Suppression]:
        """Return the whole list, the newest first."""
        with self.store.read() as uow:
            return uow.suppressions.all(self.clock())

    def suppress(self, address: str, visit: Visit, *, detail: str = "") -> Suppression:
        """Staff: write to an address no more. Raises `ValidationFailed`."""
        canonical, now = parse_address(address).canonical, self.clock()
        suppression = Suppression(canonical, Reason.MANUAL, "staff", now, told(detail))
        with self.store.write() as uow:
            uow.suppressions.put(suppression)
            self._audit(uow, "mail.suppressed", canonical, now, visit, by="staff")
        return suppression

    def unsuppress(self, address: str, visit: Visit, *, by: str = "staff") -> bool:
        """Staff: write to an address again; False when it was not on the list. Raises `ValidationFailed`."""
        canonical = parse_address(address).canonical
        with self.store.write() as uow:
            lifted = uow.suppressions.lift(canonical)
            if lifted:
                self._audit(uow, "mail.unsuppressed", canonical, self.clock(), visit, by=by)
        return lifted

    def _take(self, uow: UnitOfWork, report: MailReport) -> bool:
        event = self._event(uow, report)
        if event is None or not uow.mail_events.add(event):
            return False
        suppression = self._consequence(uow, event, report.source)
        known = uow.suppressions.active(event.canonical, event.at)
        if suppression and (known is None or known.reason.strength <= suppression.reason.strength):
            uow.suppressions.put(replace(suppression, since=known.since if known else suppression.since))
        return True

    def _event(self, uow: UnitOfWork, report: MailReport) -> MailEvent | None:
        """Find out whom a report is about: the letter it names, or the address."""
        record = uow.outbox.record(report.row_id) if report.row_id else None
        canonical = record.canonical if record else ""
        if report.address:
            try:
                canonical = parse_address(report.address).canonical
            except ValidationFailed:  # a vendor's idea of an address; nobody here has it
                return None
        if not canonical:
            return None
        user = uow.users.by_address(canonical)
        return MailEvent(
            report.kind,
            canonical,
            self.clock(),
            report.key,
            row_id=record.id if record and record.canonical == canonical else None,
            user_id=user.id if user else None,
            detail=told(report.detail),
        )

    def _consequence(self, uow: UnitOfWork, event: MailEvent, source: str) -> Suppression | None:
        if reason := REASONS.get(event.kind):
            return Suppression(event.canonical, reason, source, event.at, event.detail)
        if event.kind is not EventKind.BOUNCED_SOFTLY:
            return None
        since = event.at - SOFT_SPAN
        if uow.mail_events.count(event.canonical, EventKind.BOUNCED_SOFTLY, since=since) < SOFT_BOUNCES:
            return None
        return Suppression(
            event.canonical, Reason.SOFT_BOUNCES, source, event.at, event.detail, event.at + SOFT_SPAN
        )

    @staticmethod
    def _audit(uow: UnitOfWork, kind: str, canonical: str, at: datetime, visit: Visit, *, by: str) -> None:
        user = uow.users.by_address(canonical)
        uow.audit.record(kind, at=at, user_id=user.id if user else None, visit=visit, by=by)
