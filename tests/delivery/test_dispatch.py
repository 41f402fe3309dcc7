"""What is said of a row on its way, in log and record, and what a delivery leaves behind."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.core.bounce_addresses import BounceAddresses
from service.core.errors import Unavailable
from service.core.mail import DeliveryRefused, OutgoingMail, TransportTrouble
from service.core.mail_events import Reason, Suppression
from service.core.ports import UnitOfWork
from service.core.values import Letter, OutboxRow, Outcome, Priority, new_id
from service.core.webhooks import WEBHOOK, Webhook, WebhookEvent, WebhookType, lane
from service.delivery.calls import CallQueue
from service.delivery.dispatch import Dispatch
from service.delivery.letters import Letters
from service.delivery.worker import Worker
from tests.delivery.office import BRAND, NOON, TEMPLATES, Office, reset_letter
from tests.delivery.scripted import Scripted

LETTER = "password_reset"


def dispatch_of(worker: Worker) -> Dispatch:
    return worker._letters._dispatch


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Any:
    """What the worker has logged: level, message and event, and what else a record says."""
    caplog.set_level(logging.DEBUG, "service.delivery.dispatch")
    plain = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}

    def records() -> list[tuple[str, str, str, dict[str, Any]]]:
        found = []
        for record in caplog.records:
            if record.name == "service.delivery.dispatch":
                said = {name: value for name, value in record.__dict__.items() if name not in plain}
                found.append((record.levelname, record.getMessage(), said.pop("event"), said))
        return found

    return records


@pytest.mark.parametrize(
    ("answer", "level", "outcome", "code"),
    [
        ("250 2.0.0 Ok: queued as 4Q", "INFO", Outcome.SENT, "250 2.0.0"),
        ("2500", "INFO", Outcome.SENT, "250"),
        ("accepted, ada@example.org", "INFO", Outcome.SENT, "accepted"),
        ("<ada@example.org>", "INFO", Outcome.SENT, ""),
        (DeliveryRefused("552 5.2.2 ada@example.org is full"), "WARNING", Outcome.REFUSED, "552 5.2.2"),
    ],
)
def test_a_settled_row_is_logged_by_its_outcome_and_code(
    quick_office: Office, logged: Any, answer: str | Exception, level: str, outcome: Outcome, code: str
) -> None:
    row_id = quick_office.add("ada@example.org")
    quick_office.worker(transports=[Scripted(answer)]).drain()
    about = {"row_id": str(row_id), "letter": LETTER, "attempts": 1, "outcome": str(outcome), "code": code}
    assert logged() == [(level, "a row is settled", "outbox.settled", about)]
    assert quick_office.row(row_id)["outcome"] == outcome


def test_that_there_is_nothing_to_tell_is_logged_like_any_end(quick_office: Office, logged: Any) -> None:
    row_id = quick_office.add("nobody@example.org")
    book: Mapping[str, Any] = {LETTER: lambda row, uow, signed_at: Outcome.NO_ACCOUNT}
    quick_office.worker(transports=[Scripted("250 OK")], book=book).drain()
    about = {"row_id": str(row_id), "letter": LETTER, "attempts": 1, "outcome": "no_account", "code": ""}
    assert logged() == [("INFO", "a row is settled", "outbox.settled", about)]
    assert quick_office.row(row_id)["settled_at"] == NOON


def test_what_has_expired_is_logged_as_a_warning(quick_office: Office, logged: Any) -> None:
    row_id = quick_office.add("ada@example.org")
    quick_office.clock.turn(hours=1)
    quick_office.worker(transports=[Scripted("250 OK")]).drain()
    about = {"row_id": str(row_id), "letter": LETTER, "attempts": 1, "outcome": "expired", "code": ""}
    assert logged() == [("WARNING", "a row is settled", "outbox.settled", about)]
    assert quick_office.row(row_id)["answer"] == ""


def test_what_is_broken_is_logged_as_an_error_with_its_class_and_place(
    quick_office: Office, logged: Any
) -> None:
    def fail(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter:
        raise KeyError(row.address)

    quick_office.add("ada@example.org")
    quick_office.worker(transports=[Scripted("250 OK")], book={LETTER: fail}).drain()
    ((level, _, event, said),) = logged()
    assert (level, event, said["outcome"], said["code"]) == ("ERROR", "outbox.settled", "broken", "KeyError")
    assert said["error"] == "KeyError"
    assert said["trace"].endswith(" fail")


def test_trouble_is_logged_with_the_transport_the_code_and_the_next_try(
    quick_office: Office, logged: Any
) -> None:
    row_id = quick_office.add("ada@example.org")
    trouble = TransportTrouble("451 4.7.1 ada@example.org: later\r\nplease", may_have_left=True)
    quick_office.worker(transports=[Scripted(trouble)]).drain()
    row = {"row_id": str(row_id), "letter": LETTER, "attempts": 1, "code": "451 4.7.1"}
    due_at = NOON + timedelta(seconds=10)
    assert logged() == [
        (
            "WARNING",
            "a transport did not take a letter",
            "mail.trouble",
            row | {"transport": "a server of the tests"},
        ),
        (
            "WARNING",
            "a row is tried again later",
            "outbox.retry",
            row | {"due_at": due_at.isoformat(), "may_have_left": True},
        ),
    ]
    kept = quick_office.row(row_id)
    assert (kept["due_at"], kept["answer"]) == (due_at, "451 4.7.1 ada@example.org: later  please")


@pytest.mark.case("FLT-13")
def test_a_row_somebody_else_took_is_logged_and_its_place_is_free_again(
    quick_office: Office, logged: Any
) -> None:
    row_id = quick_office.add("ada@example.org")
    worker = quick_office.worker(transports=[Scripted("250 OK")], domain_senders=1)
    (claim,) = dispatch_of(worker).claim(1)
    quick_office.clock.turn(seconds=60)
    with quick_office.store.write() as uow:
        assert uow.outbox.claim(quick_office.clock(), lease=timedelta(seconds=60), limit=1)
    dispatch_of(worker).deliver(claim)
    about = {"row_id": str(row_id), "letter": LETTER, "attempts": 1}
    assert logged() == [("WARNING", "another worker took a row over", "outbox.fenced", about)]
    assert not claim.ended
    bob = quick_office.add("bob@example.org")
    assert worker.drain() == 1
    assert quick_office.row(bob)["outcome"] == Outcome.SENT


@pytest.mark.case("FLT-16")
def test_a_row_the_database_cannot_be_told_of_is_logged_and_its_place_is_free_again(
    quick_office: Office, logged: Any
) -> None:
    class Away:
        def write(self) -> Any:
            raise Unavailable

    row_id = quick_office.add("ada@example.org")
    worker = quick_office.worker(transports=[Scripted("250 OK")], domain_senders=1, lease=timedelta(0))
    dispatch = dispatch_of(worker)
    (claim,) = dispatch.claim(1)
    object.__setattr__(dispatch, "store", Away())
    dispatch.deliver(claim)
    about = {"row_id": str(row_id), "letter": LETTER, "attempts": 1}
    assert logged() == [("WARNING", "no database: a row waits for its lease", "outbox.left", about)]
    object.__setattr__(dispatch, "store", quick_office.store)
    (again,) = dispatch.claim(1)
    assert again.row.id == row_id


@pytest.mark.case("FLT-16")
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("250 OK", Outcome.SENT),
        (DeliveryRefused("550 5.1.1 unknown"), Outcome.REFUSED),
        (TransportTrouble("451 later"), None),
    ],
    ids=["sent", "refused", "trouble"],
)
def test_what_came_of_a_row_is_kept_while_the_database_is_away(
    quick_office: Office,
    monkeypatch: pytest.MonkeyPatch,
    answer: str | Exception,
    outcome: Outcome | None,
) -> None:
    class Lapsing:
        """A database that is away after sending, for a while."""

        lapses = 0

        def write(self) -> Any:
            if self.lapses:
                self.lapses -= 1
                raise Unavailable
            return quick_office.store.write()

    class Cutting(Scripted):
        def send(self, mail: OutgoingMail) -> str:
            store.lapses = 3
            return super().send(mail)

    monkeypatch.setattr("service.delivery.dispatch.DATABASE_RETRY", 0)
    store, server = Lapsing(), Cutting(answer)
    row_id = quick_office.add("ada@example.org")
    quick_office.worker(transports=[server], store=store).drain()
    row = quick_office.row(row_id)
    assert (row["outcome"], row["answer"]) == (outcome, getattr(answer, "answer", answer))
    assert (len(server.letters), store.lapses) == (1, 0)


def test_a_letter_is_what_the_flow_and_the_settings_say(quick_office: Office) -> None:
    bounces = BounceAddresses("bounces@example.org", [b"a-key-for-tests-only"])
    row_id = quick_office.add("ada@example.org", context={"name": "Ada"})
    server = Scripted("250 OK")
    quick_office.clock.turn(minutes=1)
    quick_office.worker(transports=[server], reply_to="help@example.org", bounces=bounces).drain()
    (mail,) = server.letters
    assert (mail.to, mail.message_id) == ("ada@example.org", f"<{row_id}@example.org>")
    assert (mail.sender, mail.reply_to) == ("The Masthead <accounts@example.org>", "help@example.org")
    assert (mail.date, mail.locale) == (NOON + timedelta(minutes=1), "en")
    assert mail.return_path == bounces.of(row_id)
    assert "Ada" in mail.text
    assert "Ada" in mail.html
    assert mail.subject
    server.letters.clear()
    quick_office.add("ada@example.org")
    quick_office.worker(transports=[server]).drain()
    assert (server.letters[0].reply_to, server.letters[0].return_path) == (None, None)


def test_a_letter_names_the_language_it_is_written_in(quick_office: Office) -> None:
    def decide(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        letter = reset_letter(row, uow, signed_at)
        assert isinstance(letter, Letter)
        return replace(letter, locale="de")

    server = Scripted("250 OK")
    quick_office.add("ada@example.org")
    letters = Letters(TEMPLATES, None, BRAND, locales=("en", "de"))
    quick_office.worker(transports=[server], book={LETTER: decide}, letters=letters).drain()
    assert [mail.locale for mail in server.letters] == ["de"]


@pytest.mark.parametrize(("until", "outcome"), [(1, Outcome.SUPPRESSED), (0, Outcome.SENT)])
def test_a_suppressed_address_gets_no_letter_while_it_is(
    quick_office: Office, until: int, outcome: Outcome
) -> None:
    with quick_office.store.write() as uow:
        ends = NOON + timedelta(seconds=until)
        uow.suppressions.put(Suppression("ada@example.org", Reason.HARD_BOUNCE, "smtp", NOON, "", ends))
    row_id = quick_office.add("ada@example.org")
    server = Scripted("250 OK")
    quick_office.worker(transports=[server]).drain()
    assert quick_office.row(row_id)["outcome"] == outcome
    assert quick_office.row(row_id)["settled_at"] == NOON
    assert len(server.letters) == (outcome is Outcome.SENT)


@pytest.mark.parametrize("about_recipient", [True, False])
def test_a_refusal_is_heard_of_when_it_is_about_the_recipient(
    quick_office: Office, about_recipient: bool
) -> None:
    heard: list[tuple[Any, str]] = []
    refusal = DeliveryRefused("550 5.1.1 no\tsuch mailbox")
    refusal.about_recipient = about_recipient
    row_id = quick_office.add("ada@example.org")
    quick_office.worker(
        transports=[Scripted(refusal)], on_refusal=lambda row, uow, answer: heard.append((row.id, answer))
    ).drain()
    assert heard == ([(row_id, "550 5.1.1 no such mailbox")] if about_recipient else [])
    row = quick_office.row(row_id)
    assert (row["outcome"], row["answer"]) == (Outcome.REFUSED, "550 5.1.1 no such mailbox")
    assert row["settled_at"] == NOON


@pytest.mark.case("FLT-33")
@pytest.mark.parametrize("in_doubt", [True, False])
def test_a_row_put_back_is_due_and_as_it_was(quick_office: Office, in_doubt: bool) -> None:
    row_id = quick_office.add("ada@example.org")
    server = Scripted(TransportTrouble("lost", may_have_left=in_doubt), "250 OK")
    worker = quick_office.worker(transports=[server], domain_senders=1)
    worker.drain()
    quick_office.clock.turn(seconds=30)
    (claim,) = dispatch_of(worker).claim(1)
    dispatch_of(worker).put_back(claim)
    row = quick_office.row(row_id)
    assert (row["due_at"], row["outcome"], row["answer"]) == (quick_office.clock(), None, "")
    assert row["rendered_at"] == (NOON if in_doubt else None)
    assert worker.drain() == 1  # its place is free, too
    assert server.letters[-1].date == (NOON if in_doubt else quick_office.clock())


@pytest.mark.case("FLT-04")
def test_a_letter_in_doubt_that_this_version_does_not_know_stays_in_doubt(quick_office: Office) -> None:
    row_id = quick_office.add("ada@example.org")
    quick_office.worker(transports=[Scripted(TransportTrouble("lost", may_have_left=True))]).drain()
    quick_office.clock.turn(seconds=10)
    quick_office.worker(transports=[Scripted("250 OK")], book={}).drain()
    row = quick_office.row(row_id)
    assert (row["outcome"], row["answer"]) == (None, "no such letter in this version")
    assert row["rendered_at"] == NOON


@pytest.mark.case("FLT-04")
def test_a_doubt_outlives_a_try_that_surely_left_nothing(quick_office: Office) -> None:
    lost, later = TransportTrouble("lost", may_have_left=True), TransportTrouble("451 later")
    row_id = quick_office.add("ada@example.org", expires_in=timedelta(hours=2))
    server = Scripted(lost, later)
    worker = quick_office.worker(transports=[server])
    worker.drain()
    quick_office.clock.turn(seconds=10)
    worker.drain()  # nothing has left this time, but a copy may have before
    assert quick_office.row(row_id)["rendered_at"] == NOON
    assert {mail.date for mail in server.letters} == {NOON}


class Errand:
    """Calls another service, as told."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)

    def __call__(self, row: OutboxRow) -> str:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_queue_of_calls_hears_how_each_went_in_its_own_name(quick_office: Office, logged: Any) -> None:
    heard: list[tuple[Any, Outcome | None, str]] = []

    def hear(row: OutboxRow, uow: UnitOfWork, outcome: Outcome | None, answer: str) -> None:
        heard.append((row.letter, outcome, answer))
        uow.audit.record("heard", at=NOON)

    trouble, refusal = TransportTrouble("503 busy"), DeliveryRefused("410 gone")
    errands: Mapping[str, Any] = {
        "call": Errand(trouble, "200 OK"),
        "refused": Errand(refusal),
        "given up": Errand(trouble, trouble),
    }
    queue = CallQueue(
        "calls",
        Priority.WEBHOOK,
        errands,
        on_refusal=lambda row, uow, answer: None,
        on_result=hear,
        pauses=[timedelta(seconds=7)],
    )
    worker = quick_office.worker(transports=[Scripted("250 OK")], calls=[queue])
    for letter in errands:
        quick_office.add("", letter=letter, priority=Priority.WEBHOOK)
        worker.drain()
        quick_office.clock.turn(seconds=1)
    quick_office.clock.turn(seconds=7)
    worker.drain()
    assert heard == [
        ("call", None, "503 busy"),
        ("refused", Outcome.REFUSED, "410 gone"),
        ("given up", None, "503 busy"),
        ("call", Outcome.SENT, "200 OK"),
        ("given up", Outcome.EXPIRED, "503 busy"),
    ]
    with quick_office.store.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_events").scalar() == len(heard)
    events = [event for _, _, event, _ in logged()]
    assert events == ["calls.retry", "calls.settled", "calls.retry", "calls.settled", "calls.settled"]


def test_the_settled_row_claims_the_next_for_whoever_asked(quick_office: Office) -> None:
    rows = [quick_office.add(f"{number}@example.org") for number in range(2)]
    dispatch = dispatch_of(quick_office.worker(transports=[Scripted("250 OK")], domain_senders=1))
    (claim,) = dispatch.claim(1)
    claim.follow = True
    dispatch.deliver(claim)
    assert (claim.row.id, claim.ended) == (rows[0], True)
    assert claim.next is not None  # though its domain had no second place until now
    assert (claim.next.row.id, claim.next.follow, claim.next.next) == (rows[1], False, None)
    dispatch.deliver(claim.next)
    assert claim.next.next is None
    assert quick_office.outcomes() == {"0@example.org": Outcome.SENT, "1@example.org": Outcome.SENT}


def test_a_commit_that_fails_gives_back_the_place_of_the_row_claimed_with_it(
    quick_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        failures = 0

        @contextmanager
        def write(self) -> Iterator[Any]:
            with quick_office.store.write() as uow:
                yield uow
                if self.failures:
                    self.failures -= 1
                    raise Unavailable

    class Cutting(Scripted):
        def send(self, mail: OutgoingMail) -> str:
            store.failures = 1
            return super().send(mail)

    monkeypatch.setattr("service.delivery.dispatch.DATABASE_RETRY", 0)
    store, server = Failing(), Cutting("250 OK")
    rows = [quick_office.add(f"{number}@example.org") for number in range(2)]
    dispatch = dispatch_of(quick_office.worker(transports=[server], store=store, domain_senders=1))
    (claim,) = dispatch.claim(1)
    claim.follow = True
    dispatch.deliver(claim)
    assert (claim.ended, len(server.letters)) == (True, 1)
    assert claim.next is not None
    assert claim.next.row.id == rows[1]


def test_a_row_settled_without_a_letter_claims_the_next_as_well(quick_office: Office) -> None:
    rows = [quick_office.add(f"{number}@example.org") for number in range(2)]
    book: Mapping[str, Any] = {LETTER: lambda row, uow, signed_at: Outcome.NO_ACCOUNT}
    dispatch = dispatch_of(quick_office.worker(transports=[Scripted("250 OK")], book=book))
    (claim,) = dispatch.claim(1)
    claim.follow = True
    dispatch.deliver(claim)
    assert claim.next is not None
    assert claim.next.row.id == rows[1]


@pytest.mark.parametrize(("seconds_left", "asked"), [(29, 0), (31, 1)])
def test_the_second_transport_is_asked_in_the_first_half_of_the_lease_only(
    quick_office: Office, seconds_left: int, asked: int
) -> None:
    first, second = Scripted(TransportTrouble("451 later")), Scripted("250 OK")
    quick_office.add("ada@example.org")
    dispatch = dispatch_of(quick_office.worker(transports=[first, second]))
    (claim,) = dispatch.claim(1)
    claim.until = time.monotonic() + seconds_left
    dispatch.deliver(claim)
    assert (len(first.letters), len(second.letters)) == (1, asked)


def test_a_flow_is_asked_with_the_row_and_the_instant_it_signs_at(quick_office: Office) -> None:
    asked: list[tuple[Any, datetime]] = []

    def decide(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        asked.append((row.id, signed_at))
        return reset_letter(row, uow, signed_at)

    row_id = quick_office.add("ada@example.org")
    lost = TransportTrouble("lost", may_have_left=True)
    worker = quick_office.worker(transports=[Scripted(lost, "250 OK")], book={LETTER: decide})
    worker.drain()
    quick_office.clock.turn(minutes=1)
    worker.drain()
    assert asked == [(row_id, NOON), (row_id, NOON)]


def test_a_delivery_is_logged_with_its_lane(quick_office: Office, logged: Any) -> None:
    hook, user_id = Webhook(new_id(), "https://news.example.org/hook", (), "locked", NOON), new_id()
    with quick_office.store.write() as uow:
        uow.webhooks.queue(
            hook, [WebhookEvent(1, new_id(), WebhookType.USER_UPDATED, user_id, NOON, {})], at=NOON
        )
    queue = CallQueue(
        "webhooks",
        Priority.WEBHOOK,
        {WEBHOOK: Errand("204 No Content")},
        on_refusal=lambda row, uow, answer: None,
        on_result=lambda row, uow, outcome, answer: None,
    )
    quick_office.worker(transports=[Scripted("250 OK")], calls=[queue]).drain()
    ((level, _, event, said),) = logged()
    assert (level, event, said["code"]) == ("INFO", "webhooks.settled", "204")
    assert said["lane"] == lane(hook.id, user_id)
