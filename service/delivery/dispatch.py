"""One row of the outbox, from its claim to its settlement.

Two transactions around the sending: the first decides and notes the instant the letter is signed at, the
second says what became of it. Both hold the fence of the claim, so whoever slept through the lease changes
nothing. In between a crash costs at most one more copy of the same letter, never a lost one.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from service.core.bounce_addresses import BounceAddresses
from service.core.errors import Unavailable
from service.core.faults import described
from service.core.mail import DeliveryRefused, Errand, OutgoingMail, TransportTrouble
from service.core.ports import Clock, Prepare
from service.core.tracing import Tracing
from service.core.values import Letter, OutboxRow, Outcome
from service.delivery.addresses import domain_of, wire_address
from service.delivery.claims import LEFT, Claim, Claims
from service.delivery.letters import Letters
from service.delivery.ports import DeliveryStore, DeliveryUnit, OnRefusal, OnResult
from service.delivery.retry import next_try
from service.delivery.ways import Way

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

DATABASE_RETRY = 0.25  # seconds
ANSWER_CODE = re.compile(r"\d{3}(?: \d\.\d{1,3}\.\d{1,3})?|\w+")
LEVELS = {Outcome.REFUSED: logging.WARNING, Outcome.EXPIRED: logging.WARNING, Outcome.BROKEN: logging.ERROR}


class Fenced(Exception):
    """Somebody else has claimed the row since; what they do counts."""


@dataclass(frozen=True)
class Dispatch:
    """What delivering a row takes. `sender` is `Name <address>`; `jitter` gives a factor around 1.

    `on_refusal` hears of recipients that will never take anything, in the commit that settles the row; `on_result`
    of everything that comes of a row, in the commit that says so. `name` is what log lines call the queue, `pauses`
    are those between its tries, `tracing` hears of every try.
    """

    store: DeliveryStore
    prepare: Mapping[str, Prepare]
    errands: Mapping[str, Errand]
    letters: Letters
    ways: Sequence[Way]
    claims: Claims
    clock: Clock
    sender: str
    reply_to: str | None
    jitter: Callable[[], float]
    on_refusal: OnRefusal
    bounces: BounceAddresses | None
    name: str = "outbox"
    pauses: Sequence[timedelta] = ()
    on_result: OnResult | None = None
    tracing: Tracing | None = None

    def claim(self, limit: int) -> list[Claim]:
        """Claim up to `limit` due rows. Raises `Unavailable`."""
        with self.store.write() as uow:
            return self.claims.take(uow, limit)

    def deliver(self, claim: Claim) -> None:
        """Take a row as far as it gets now."""
        span = self.tracing.delivery(self.name, claim.row.letter) if self.tracing else None
        try:
            self._deliver_fenced(claim)
        finally:
            if span:
                span.end(claim.became, failed=claim.became in LEVELS)

    def _deliver_fenced(self, claim: Claim) -> None:
        try:
            try:
                self._deliver(claim)
            except (Fenced, Unavailable):
                raise
            except Exception as error:
                # a poisoned row, or a defect of ours: tried again it would only fail, or send, again
                self._settle(claim, Outcome.BROKEN, type(error).__name__, **described(error))
        except Fenced:
            claim.became = "fenced"
            self._log(logging.WARNING, "another worker took a row over", f"{self.name}.fenced", claim.row)
        except Unavailable:
            self._log(
                logging.WARNING, "no database: a row waits for its lease", f"{self.name}.left", claim.row
            )
        finally:
            self.claims.leave(claim)

    def put_back(self, claim: Claim) -> None:
        """Release a row nothing was done with. Raises `Unavailable`."""
        self.claims.leave(claim)
        with self.store.write() as uow:
            uow.outbox.release(claim.row, due_at=self.clock(), answer="", forget_rendering=False)

    def _deliver(self, claim: Claim) -> None:
        row, now = claim.row, self.clock()
        if row.expires_at <= now:
            return self._settle(claim, Outcome.EXPIRED)
        signed_at = _signing_time(row, now)
        if errand := self.errands.get(row.letter):
            return self._hand_over(claim, lambda: errand(row), signed_at)
        if row.letter not in self.prepare:
            # a newer version beside this one may know it, so it is not broken
            trouble = TransportTrouble("no such letter in this version")
            return self._release(claim, trouble, signed_at=signed_at)
        letter = self._in_transaction(claim, lambda uow: self._decide(claim, uow, signed_at))
        if isinstance(letter, Outcome):
            return self._log_settled(row, letter, "")
        mail = self._compose(row, letter, signed_at)
        return self._hand_over(claim, lambda: self._send(claim, mail), signed_at)

    def _decide(self, claim: Claim, uow: DeliveryUnit, signed_at: datetime) -> Letter | Outcome:
        """Ask the flow what to tell; when that is nothing, the row is settled in the same commit."""
        row = claim.row
        letter: Letter | Outcome = Outcome.SUPPRESSED
        if uow.suppressions.active(row.canonical, signed_at) is None:
            letter = self.prepare[row.letter](row, uow, signed_at)
        if isinstance(letter, Outcome):
            self._end(claim, uow, letter, uow.outbox.settle(row, letter, at=self.clock()))
        elif not uow.outbox.rendering(row, signed_at):
            raise Fenced  # what the flow wrote is rolled back
        return letter

    def _compose(self, row: OutboxRow, letter: Letter, signed_at: datetime) -> OutgoingMail:
        """Render the letter. Raises `ValidationFailed` for a poisoned address, and whatever Jinja raises."""
        rendered = self.letters.render(letter)
        return OutgoingMail(
            message_id=f"<{row.id}@{domain_of(self.sender)}>",
            sender=self.sender,
            to=wire_address(letter.to),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            date=signed_at,
            locale=rendered.locale,
            reply_to=self.reply_to,
            return_path=self.bounces.of(row.id) if self.bounces else None,
        )

    def _hand_over(self, claim: Claim, send: Callable[[], str], signed_at: datetime) -> None:
        try:
            answer = send()
        except DeliveryRefused as refusal:
            self._refuse(claim, refusal)
        except TransportTrouble as trouble:
            self._release(claim, trouble, signed_at=signed_at)
        else:
            self._settle(claim, Outcome.SENT, answer)

    def _send(self, claim: Claim, mail: OutgoingMail) -> str:
        """Send by the first way that takes the letter, as long as the lease leaves time for it."""
        trouble = TransportTrouble("no mail server answered lately", about_server=True)
        half_time = claim.until - self.claims.lease.total_seconds() / 2
        for way in self.ways:
            if claim.over:
                raise Fenced
            if not way.admits():
                continue
            try:
                return way.send(mail)
            except TransportTrouble as error:
                trouble = error
            more = {"transport": repr(way.transport), "code": _code(trouble.answer)}
            self._log(logging.WARNING, "a transport did not take a letter", "mail.trouble", claim.row, **more)
            if trouble.may_have_left or time.monotonic() >= half_time:
                break
        if trouble.about_server:
            closed_until = [way.again_at for way in self.ways if way.again_at]
            trouble.retry_at = min(closed_until) if len(closed_until) == len(self.ways) else None
        raise trouble

    def _refuse(self, claim: Claim, refusal: DeliveryRefused) -> None:
        row, answer = claim.row, _storable(refusal.answer)

        def settle(uow: DeliveryUnit) -> None:
            held = uow.outbox.settle(row, Outcome.REFUSED, at=self.clock(), answer=answer)
            if held and refusal.about_recipient:
                self.on_refusal(row, uow, answer)
            self._end(claim, uow, Outcome.REFUSED, held, answer)

        self._in_transaction(claim, settle)
        self._log_settled(row, Outcome.REFUSED, answer)

    def _settle(self, claim: Claim, outcome: Outcome, answer: str = "", **more: str) -> None:
        row, storable = claim.row, _storable(answer)
        self._in_transaction(
            claim,
            lambda uow: self._end(
                claim,
                uow,
                outcome,
                uow.outbox.settle(row, outcome, at=self.clock(), answer=storable),
                storable,
            ),
        )
        self._log_settled(row, outcome, answer, **more)

    def _release(self, claim: Claim, trouble: TransportTrouble, *, signed_at: datetime) -> None:
        """Give the row back for later. Once a copy may have left, the next try repeats that very letter."""
        row, answer = claim.row, _storable(trouble.answer)
        due_at = next_try(
            row, self.clock(), self.jitter(), not_later_than=trouble.retry_at, pauses=self.pauses
        )
        if due_at is None:
            return self._settle(claim, Outcome.EXPIRED, answer)
        forget = not trouble.may_have_left and signed_at != row.rendered_at
        self._in_transaction(
            claim,
            lambda uow: self._end(
                claim,
                uow,
                None,
                uow.outbox.release(row, due_at=due_at, answer=answer, forget_rendering=forget),
                answer,
            ),
        )
        more = {"code": _code(answer), "due_at": due_at.isoformat(), "may_have_left": trouble.may_have_left}
        return self._log(logging.WARNING, "a row is tried again later", f"{self.name}.retry", row, **more)

    def _end(
        self, claim: Claim, uow: DeliveryUnit, outcome: Outcome | None, held: bool, answer: str = ""
    ) -> None:
        """Make sure the row was still ours to end, say so, and claim the next one along with it."""
        if not held:
            raise Fenced
        if self.on_result is not None:
            self.on_result(claim.row, uow, outcome, answer)
        claim.ended, claim.became = True, str(outcome) if outcome else "retry"
        self.claims.leave(claim)  # the next one may be for the same domain
        claim.next = next(iter(self.claims.take(uow, 1)), None) if claim.follow else None

    def _in_transaction(self, claim: Claim, work: Callable[[DeliveryUnit], Result]) -> Result:
        """Do `work` and commit. While the lease lasts a database that is away is waited for.

        Forgetting what became of a letter would mean a second copy.
        """
        while True:
            try:
                return self._once(claim, work)
            except Unavailable:
                if claim.over:
                    raise
                time.sleep(DATABASE_RETRY)
            except Fenced:
                raise
            except Exception:
                if not claim.follow:
                    raise
                claim.follow = False  # perhaps it was the next row's fault, which must not undo this one

    def _once(self, claim: Claim, work: Callable[[DeliveryUnit], Result]) -> Result:
        try:
            with self.store.write() as uow:
                return work(uow)
        except BaseException:
            if claim.next:
                self.claims.leave(claim.next)
            claim.ended, claim.became, claim.next = False, LEFT, None  # what the commit would have said
            raise

    def _log_settled(self, row: OutboxRow, outcome: Outcome, answer: str, **more: str) -> None:
        about = {"outcome": str(outcome), "code": _code(answer), **more}
        self._log(LEVELS.get(outcome, logging.INFO), "a row is settled", f"{self.name}.settled", row, **about)

    @staticmethod
    def _log(level: int, message: str, event: str, row: OutboxRow, **more: object) -> None:
        about = {"row_id": str(row.id), "letter": row.letter, "attempts": row.attempts, "lane": row.lane}
        told = {name: value for name, value in about.items() if value is not None}
        logger.log(level, message, extra={"event": event, **told, **more})


def _signing_time(row: OutboxRow, now: datetime) -> datetime:
    """The instant the letter in flight was signed at while it lives, else now."""
    if row.rendered_at is not None and row.rendered_at + (row.expires_at - row.created_at) > now:
        return row.rendered_at
    return now


def _code(answer: str) -> str:
    """Return what a log may say of an answer: servers repeat addresses in the rest."""
    match = ANSWER_CODE.match(answer)
    return match[0] if match else ""


def _storable(answer: str) -> str:
    """Return an answer any database takes."""
    return "".join(character if character.isprintable() else " " for character in answer)
