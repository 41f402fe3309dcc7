"""What goes wrong between the outbox and the reader: nothing is lost, copies are the same, others go on."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from service.core.errors import Unavailable
from service.core.mail import OutgoingMail, Transport, TransportTrouble
from service.core.ports import UnitOfWork
from service.core.values import Letter, OutboxRow, Outcome
from service.delivery.chores import Chores
from service.delivery.worker import around_one
from service.store.database import open_engine
from service.store.outbox import OutboxRepository
from service.store.schema_mail import OutboxTable
from service.store.store import SqlStore
from service.store.unit_of_work import SqlUnitOfWork
from tests.delivery.office import NOON, Office, reset_letter
from tests.support.processes import free_port
from tests.support.smtp import Letter as Arrived
from tests.support.smtp import SmtpSink, Stage, wait_until


class Altered:
    """A transport with something done before or after each letter."""

    def __init__(
        self,
        inner: Transport,
        *,
        before: Callable[[OutgoingMail], None] = lambda mail: None,
        after: Callable[[OutgoingMail], None] = lambda mail: None,
    ) -> None:
        self.inner, self.before, self.after = inner, before, after

    def send(self, mail: OutgoingMail) -> str:
        self.before(mail)
        answer = self.inner.send(mail)
        self.after(mail)
        return answer

    def check(self) -> None:
        self.inner.check()

    def close(self) -> None:
        self.inner.close()


class Raising:
    """A transport that fails with the given errors, one a letter, and counts its letters."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.letters = 0

    def send(self, mail: OutgoingMail) -> str:
        self.letters += 1
        raise self.errors[min(self.letters, len(self.errors)) - 1]

    def check(self) -> None: ...

    def close(self) -> None: ...


def once(error: Exception) -> Callable[[OutgoingMail], None]:
    """Raise at the first call."""
    errors = [error]

    def strike(_mail: OutgoingMail) -> None:
        if errors:
            raise errors.pop()

    return strike


def link(letter: Arrived) -> str:
    return letter.link("/reset-password")


@pytest.mark.case("FLT-01")
def test_a_letter_waits_for_the_server_and_its_link_is_signed_when_it_leaves(
    office: Office, smtp: SmtpSink
) -> None:
    row_id = office.add("ada@example.org")
    smtp.stop()
    assert office.worker().drain() == 1
    row = office.row(row_id)
    assert (row["outcome"], row["rendered_at"], row["attempts"]) == (None, None, 1)
    assert row["due_at"] == NOON + timedelta(seconds=10)
    assert row["answer"].startswith("ConnectionRefusedError")
    smtp.start()
    office.clock.turn(seconds=9)
    assert office.worker().drain() == 0
    office.clock.turn(seconds=1)
    assert office.worker().drain() == 1
    (letter,) = smtp.messages
    assert letter.message["Date"] == "Sun, 22 Nov 2026 12:00:10 +0000"
    assert office.row(row_id)["outcome"] == Outcome.SENT


@pytest.mark.case("FLT-02")
@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data", "message"])
def test_a_temporary_refusal_costs_time_and_no_second_copy(
    quick_office: Office, smtp: SmtpSink, stage: Stage
) -> None:
    row_id = quick_office.add("ada@example.org")
    smtp.fault(stage, "451 4.7.1 greylisted", times=2)
    worker = quick_office.worker()
    for _ in range(3):
        worker.drain()
        quick_office.clock.turn(seconds=20)
    assert len(smtp.messages) == 1
    assert (quick_office.row(row_id)["attempts"], quick_office.row(row_id)["outcome"]) == (3, Outcome.SENT)


@pytest.mark.case("FLT-01")
def test_pauses_double_to_an_hour_and_end_with_the_row(quick_office: Office) -> None:
    row_id = quick_office.add("ada@example.org", expires_in=timedelta(hours=6))
    worker = quick_office.worker(transports=[Raising(TransportTrouble("451 later"))])
    pauses = []
    while quick_office.row(row_id)["outcome"] is None:
        assert worker.drain() == 1
        row = quick_office.row(row_id)
        pauses.append((row["due_at"] - quick_office.clock()).total_seconds())
        quick_office.clock.now = row["due_at"]
    assert pauses[:10] == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert set(pauses[10:13]) == {3600}
    assert pauses[13] == pytest.approx((6 * 3600 - sum(pauses[:13])) / 2)
    assert row["outcome"] == Outcome.EXPIRED
    assert NOON + timedelta(hours=6) - row["settled_at"] < timedelta(seconds=10)


def test_pauses_differ_so_that_letters_do_not_come_back_together(quick_office: Office) -> None:
    for number in range(20):
        quick_office.add(f"{number}@example.org")
    quick_office.worker(transports=[Raising(TransportTrouble("451 later"))], jitter=around_one).drain()
    due = {row["due_at"] - NOON for row in quick_office.rows()}
    assert len(due) == 20
    assert min(due) >= timedelta(seconds=5)
    assert max(due) <= timedelta(seconds=15)


@pytest.mark.case("FLT-04")
def test_a_letter_in_doubt_is_repeated_to_the_last_byte(office: Office, smtp: SmtpSink) -> None:
    row_id = office.add("ada@example.org")
    doubtful = Altered(office.transport(), after=once(TransportTrouble("lost", may_have_left=True)))
    worker = office.worker(transports=[doubtful])
    worker.drain()
    assert office.row(row_id)["rendered_at"] == NOON
    office.clock.turn(minutes=1)
    worker.drain()
    first, second = smtp.messages
    assert first.raw == second.raw
    assert office.row(row_id)["outcome"] == Outcome.SENT


@pytest.mark.case("FLT-04")
def test_a_real_connection_lost_after_the_text_leaves_the_letter_in_doubt(
    quick_office: Office, smtp: SmtpSink
) -> None:
    row_id = quick_office.add("ada@example.org")
    smtp.fault("message", drop=True, times=1)
    worker = quick_office.worker()
    worker.drain()
    assert quick_office.row(row_id)["rendered_at"] == NOON
    quick_office.clock.turn(minutes=1)
    worker.drain()
    assert smtp.messages[0].message["Date"] == "Sun, 22 Nov 2026 12:00:00 +0000"


@pytest.mark.case("FLT-04")
def test_once_in_doubt_a_letter_stays_the_same_through_plain_failures(
    quick_office: Office, smtp: SmtpSink
) -> None:
    quick_office.add("ada@example.org")
    troubles = [TransportTrouble("451 later"), TransportTrouble("lost", may_have_left=True)]

    def strike(_mail: OutgoingMail) -> None:
        if troubles:
            raise troubles.pop()

    worker = quick_office.worker(transports=[Altered(quick_office.transport(), after=strike)])
    for _ in range(3):
        worker.drain()
        quick_office.clock.turn(minutes=1)
    assert len({letter.raw for letter in smtp.messages}) == 1
    assert len(smtp.messages) == 3


@pytest.mark.case("FLT-09")
def test_a_letter_in_doubt_is_signed_anew_when_its_link_is_dead(quick_office: Office, smtp: SmtpSink) -> None:
    row_id = quick_office.add("ada@example.org")
    doubtful = Altered(quick_office.transport(), after=once(TransportTrouble("lost", may_have_left=True)))
    worker = quick_office.worker(transports=[doubtful])
    worker.drain()
    with quick_office.store.engine.execution_options(masthead_write=True).begin() as connection:
        # a row that outlives its letter, as after a change of settings
        later = {"expires_at": NOON + timedelta(hours=2), "created_at": NOON + timedelta(hours=1)}
        connection.execute(update(OutboxTable).values(**later))
    quick_office.clock.turn(hours=1)
    worker.drain()
    first, second = smtp.messages
    assert link(first) != link(second)
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert quick_office.row(row_id)["outcome"] == Outcome.SENT


@pytest.mark.case("FLT-09")
def test_after_two_hours_without_server_only_letters_worth_reading_go_out(
    quick_office: Office, smtp: SmtpSink
) -> None:
    quick_office.add("reset@example.org", expires_in=timedelta(hours=1))
    quick_office.add("verify@example.org", expires_in=timedelta(hours=24))
    worker = quick_office.worker()
    smtp.stop()
    for _ in range(24):
        worker.drain()
        quick_office.clock.turn(minutes=5)
    smtp.start()
    quick_office.clock.turn(minutes=60)
    worker.drain()
    assert quick_office.outcomes() == {
        "reset@example.org": Outcome.EXPIRED,
        "verify@example.org": Outcome.SENT,
    }
    (letter,) = smtp.messages
    assert letter.message["Date"] == "Sun, 22 Nov 2026 15:00:00 +0000"


def test_the_next_transport_takes_what_the_first_could_not(quick_office: Office, smtp: SmtpSink) -> None:
    row_id = quick_office.add("ada@example.org")
    away = quick_office.transport(f"smtp://127.0.0.1:{free_port()}")
    quick_office.worker(transports=[away, quick_office.transport()]).drain()
    assert len(smtp.messages) == 1
    assert quick_office.row(row_id)["outcome"] == Outcome.SENT


@pytest.mark.case("FLT-04")
@pytest.mark.parametrize(
    "error", [TransportTrouble("lost", may_have_left=True), RuntimeError("a defect")], ids=["lost", "defect"]
)
def test_no_other_transport_gets_a_letter_that_may_have_left(
    quick_office: Office, smtp: SmtpSink, error: Exception
) -> None:
    row_id = quick_office.add("ada@example.org")
    quick_office.worker(transports=[Raising(error), quick_office.transport()]).drain()
    assert smtp.messages == []
    row = quick_office.row(row_id)
    assert (row["outcome"], row["rendered_at"]) == (None, NOON)


def test_no_other_transport_is_begun_with_when_half_the_lease_is_over(
    quick_office: Office, smtp: SmtpSink
) -> None:
    row_id = quick_office.add("ada@example.org")

    def dawdle(_mail: OutgoingMail) -> None:
        time.sleep(0.3)
        raise TransportTrouble("timed out")

    slow = Altered(quick_office.transport(), before=dawdle)
    quick_office.worker(transports=[slow, quick_office.transport()], lease=timedelta(seconds=0.5)).drain()
    assert smtp.messages == []
    assert quick_office.row(row_id)["outcome"] is None


@pytest.mark.case("FLT-06")
def test_a_tar_pit_for_one_reader_delays_nobody_else(office: Office, smtp: SmtpSink) -> None:
    smtp.fault("rcpt", delay=60, recipient="slow@example.org")
    slow = office.add("slow@example.org")
    for number in range(20):
        office.add(f"{number}@example.org")
    patient = office.transport(letter_timeout=30)
    with office.working(office.worker(transports=[patient], grace=timedelta(seconds=0.2))):
        smtp.wait_for(20, timeout=25)
        row = office.row(slow)
        assert (row["outcome"], row["attempts"], row["due_at"]) == (None, 1, NOON + timedelta(seconds=60))


@pytest.mark.case("FLT-12")
@pytest.mark.parametrize("workers", [2, 8])
def test_workers_deliver_each_row_once(office: Office, smtp: SmtpSink, workers: int) -> None:
    for number in range(80):
        office.add(f"{number}@example.org")
    others = [Office(office.database_url, smtp, office.clock) for _ in range(workers - 1)]
    with ExitStack() as at_work:
        for one in [office, *others]:
            at_work.enter_context(one.working(one.worker()))
        smtp.wait_for(80, timeout=60)
        wait_until(lambda: set(office.outcomes().values()) == {Outcome.SENT}, 30)
    for other in others:
        other.close()
    assert sorted(letter.recipients[0] for letter in smtp.messages) == sorted(office.outcomes())
    assert {row["attempts"] for row in office.rows()} == {1}


@pytest.mark.case("FLT-13")
def test_who_slept_through_the_lease_settles_nothing(
    office: Office, smtp: SmtpSink, caplog: pytest.LogCaptureFixture
) -> None:
    row_id = office.add("ada@example.org")
    sent, woken = threading.Event(), threading.Event()

    def sleep(_mail: OutgoingMail) -> None:
        sent.set()
        woken.wait(10)
        raise TransportTrouble("woke up late", may_have_left=True)

    sleeper = office.worker(transports=[Altered(office.transport(), after=sleep)])
    thread = threading.Thread(target=sleeper.drain)
    thread.start()
    assert sent.wait(10)
    office.clock.turn(seconds=61)
    assert office.worker().drain() == 1
    settled = office.row(row_id)
    woken.set()
    thread.join(10)
    assert office.row(row_id) == settled
    assert (settled["outcome"], settled["fence"], settled["attempts"]) == (Outcome.SENT, 2, 2)
    first, second = smtp.messages
    assert first.raw == second.raw
    assert "outbox.fenced" in [record.__dict__.get("event") for record in caplog.records]


@pytest.mark.case("FLT-13")
def test_who_wakes_up_after_the_lease_sends_nothing_either(quick_office: Office, smtp: SmtpSink) -> None:
    row_id = quick_office.add("ada@example.org")
    naps = [0.4]

    def decide(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        letter = reset_letter(row, uow, signed_at)
        time.sleep(naps.pop() if naps else 0)
        return letter

    quick_office.worker(book={"password_reset": decide}, lease=timedelta(seconds=0.3)).drain()
    assert smtp.messages == []
    quick_office.clock.turn(seconds=1)
    quick_office.worker().drain()
    assert len(smtp.messages) == 1
    assert quick_office.row(row_id)["outcome"] == Outcome.SENT


@pytest.mark.case("FLT-13")
def test_what_a_flow_wrote_for_a_row_somebody_else_took_is_undone(office: Office, smtp: SmtpSink) -> None:
    row_id = office.add("ada@example.org")

    def decide(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        uow.audit.record("half", at=signed_at)
        stale = uow.outbox
        assert isinstance(stale, OutboxRepository)
        stale.claim(signed_at + timedelta(minutes=2), lease=timedelta(seconds=60), limit=1)
        return reset_letter(row, uow, signed_at)

    assert office.worker(book={"password_reset": decide}).drain() == 0
    assert smtp.messages == []
    assert office.row(row_id)["fence"] == 1  # the rollback took the other claim along
    with office.store.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_events").scalar() == 0


@pytest.mark.case("FLT-33")
def test_stopping_finishes_what_is_in_hand_and_leaves_the_rest(office: Office, smtp: SmtpSink) -> None:
    smtp.fault("data", delay=0.5)
    for number in range(10):
        office.add(f"{number}@example.org")
    with office.working(office.worker(senders=2)):
        wait_until(lambda: any(row["rendered_at"] for row in office.rows()))
    delivered = len(smtp.messages)
    assert 1 <= delivered < 10
    rows = office.rows()
    assert [row["outcome"] for row in rows].count(Outcome.SENT) == delivered
    smtp.heal()
    assert office.worker().drain() == 10 - delivered  # due at once: nothing waits for a lease


@pytest.mark.case("FLT-33")
def test_a_claim_not_begun_is_given_back(quick_office: Office, smtp: SmtpSink) -> None:
    row_id = quick_office.add("ada@example.org")
    worker = quick_office.worker()
    (claim,) = worker._letters._dispatch.claim(1)
    stop = threading.Event()
    stop.set()
    worker._letters._deliver_until(stop, claim)
    row = quick_office.row(row_id)
    assert (row["due_at"], row["outcome"]) == (NOON, None)
    assert smtp.connections == 0


def test_a_hanging_sender_does_not_keep_a_worker_longer_than_its_grace(
    quick_office: Office, smtp: SmtpSink
) -> None:
    smtp.fault("data", delay=60)
    quick_office.add("ada@example.org")
    worker = quick_office.worker(
        transports=[quick_office.transport(letter_timeout=30)], grace=timedelta(seconds=0.3)
    )
    with quick_office.working(worker):
        wait_until(lambda: quick_office.rows()[0]["rendered_at"])
        stopped = time.monotonic()
    assert time.monotonic() - stopped < 10


class Flaky(SqlStore):
    """A database that can be away."""

    def __init__(self, database_url: str) -> None:
        super().__init__(open_engine(database_url))
        self.away = threading.Event()

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        if self.away.is_set():
            raise Unavailable
        with super().write() as uow:
            yield uow


@pytest.mark.case("FLT-08")
def test_a_next_row_that_cannot_be_read_does_not_undo_the_one_just_sent(
    quick_office: Office, smtp: SmtpSink
) -> None:
    row_id = quick_office.add("ada@example.org")
    quick_office.clock.turn(seconds=1)
    other = quick_office.add("bob@example.org")
    with quick_office.store.engine.execution_options(masthead_write=True).begin() as connection:
        connection.exec_driver_sql(f"UPDATE outbox SET context = '{{' WHERE id = '{other.hex}'")
    with suppress(ValueError):  # the store may read around it, or not
        quick_office.worker().drain()
    with quick_office.store.engine.begin() as connection:
        found = connection.exec_driver_sql(f"SELECT outcome FROM outbox WHERE id = '{row_id.hex}'")
        assert found.scalar() == Outcome.SENT
    assert len(smtp.messages) == 1


@pytest.mark.case("FLT-16")
def test_a_database_away_after_sending_is_waited_for_instead_of_sending_twice(
    office: Office, smtp: SmtpSink
) -> None:
    row_id = office.add("ada@example.org")
    store = Flaky(office.database_url)

    def lose_it(_mail: OutgoingMail) -> None:
        store.away.set()
        threading.Timer(0.4, store.away.clear).start()

    fragile = Altered(office.transport(), after=lose_it)
    assert office.worker(transports=[fragile], store=store).drain() == 1
    assert len(smtp.messages) == 1
    assert office.row(row_id)["outcome"] == Outcome.SENT
    store.engine.dispose()


@pytest.mark.case("FLT-16")
def test_a_database_away_for_longer_leaves_the_row_to_its_lease(quick_office: Office, smtp: SmtpSink) -> None:
    row_id = quick_office.add("ada@example.org")
    store = Flaky(quick_office.database_url)
    fragile = Altered(quick_office.transport(), after=lambda mail: store.away.set())
    worker = quick_office.worker(transports=[fragile], store=store, lease=timedelta(seconds=3))
    with pytest.raises(Unavailable):
        worker.drain()
    assert quick_office.row(row_id)["outcome"] is None
    store.away.clear()
    quick_office.clock.turn(seconds=3)
    quick_office.worker().drain()
    first, second = smtp.messages
    assert first.raw == second.raw
    store.engine.dispose()


@pytest.mark.case("FLT-16")
def test_a_worker_outlives_a_database_that_goes_and_comes(quick_office: Office, smtp: SmtpSink) -> None:
    store = Flaky(quick_office.database_url)
    store.away.set()
    with quick_office.working(quick_office.worker(store=store)) as thread:
        quick_office.add("ada@example.org")
        time.sleep(0.5)
        assert thread.is_alive()
        store.away.clear()
        smtp.wait_for(1, timeout=20)
    store.engine.dispose()


def test_a_defect_in_the_loop_does_not_end_the_worker(
    quick_office: Office, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Chores, **_: Any) -> None:
        monkeypatch.undo()
        raise RuntimeError

    monkeypatch.setattr(Chores, "look_after", broken)
    with quick_office.working(quick_office.worker()):
        quick_office.add("ada@example.org")
        smtp.wait_for(1, timeout=20)


def test_a_row_that_comes_while_the_worker_idles_leaves_soon(quick_office: Office, smtp: SmtpSink) -> None:
    with quick_office.working(quick_office.worker()):
        time.sleep(0.3)
        quick_office.add("ada@example.org")
        smtp.wait_for(1, timeout=10)


def test_connections_nobody_uses_are_ended(
    quick_office: Office, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.delivery.chores.CONNECTIONS_IDLE", 0.1)
    closed = threading.Event()

    class Watched(Altered):
        def close(self) -> None:
            closed.set()
            super().close()

    quick_office.add("ada@example.org")
    with quick_office.working(quick_office.worker(transports=[Watched(quick_office.transport())])):
        smtp.wait_for(1)
        assert closed.wait(3)
        quick_office.add("bob@example.org")
        smtp.wait_for(2)
    assert smtp.connections == 2
