"""No domain gets more letters at once than it may, and a slow one holds up nobody else."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from service.core.values import Outcome
from service.delivery import politeness
from service.delivery.politeness import BUSY_PAUSE, SLOW_PAUSE, Place, Politeness
from tests.delivery.office import Office
from tests.support.smtp import SmtpSink, wait_until


def place(polite: Politeness, domain: str = "example.org") -> Place:
    admitted = polite.admit(domain)
    assert isinstance(admitted, Place)
    return admitted


def test_a_domain_has_as_many_places_as_it_may_and_gets_them_back() -> None:
    polite = Politeness(2)
    first, _ = place(polite), place(polite)
    assert polite.admit("example.org") == BUSY_PAUSE
    assert place(polite, "example.net")
    polite.leave(first)
    polite.leave(first)
    place(polite)
    assert polite.admit("example.org") == BUSY_PAUSE


def test_a_domain_whose_letters_take_long_is_left_alone_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    polite = Politeness(1)
    place(polite)
    monkeypatch.setattr(politeness, "SLOW", 0.0)
    assert polite.admit("example.org") == SLOW_PAUSE


@pytest.mark.case("WHK-05")
def test_the_slow_ones_together_leave_places_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    polite = Politeness(2, slow_at_once=1)
    monkeypatch.setattr(politeness, "SLOW", 0.0)
    for domain in ("one.example", "two.example"):
        polite.leave(place(polite, domain))
    monkeypatch.setattr(politeness, "SLOW", 60.0)
    held = place(polite, "one.example")
    assert polite.admit("one.example") == polite.admit("two.example") == SLOW_PAUSE
    place(polite, "quick.example")
    polite.leave(held)  # it was quick this time, and is no slow one any more
    place(polite, "two.example")
    place(polite, "one.example")


def test_a_rate_is_kept_over_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(politeness, "WINDOW", 0.4)
    polite = Politeness(10, per_second=2 / 0.4)
    for _ in range(5):
        polite.leave(place(polite))
        polite.leave(place(polite))
        wait = polite.admit("example.org")
        assert isinstance(wait, float)
        assert 0 < wait <= 0.4
        time.sleep(wait)


def test_domains_nobody_writes_to_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(politeness, "MOST_DOMAINS", 10)
    polite = Politeness(1, per_second=1000)
    for number in range(100):
        polite.leave(place(polite, f"{number}.example"))
    assert len(polite._domains) <= 11


@pytest.mark.case("FLT-06")
def test_a_slow_domain_with_a_long_queue_leaves_senders_to_the_others(
    office: Office, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten slow letters and three senders: the letter behind them must not wait for any of the ten."""
    monkeypatch.setattr(politeness, "SLOW", 0.1)
    for number in range(10):
        office.add(f"{number}@slow.example")
        smtp.fault("rcpt", delay=30, recipient=f"{number}@slow.example")
    office.clock.turn(seconds=1)
    patient = office.transport(letter_timeout=30)
    worker = office.worker(transports=[patient], senders=3, domain_senders=2, grace=timedelta(seconds=0.3))
    with office.working(worker):
        wait_until(lambda: sum(row["attempts"] for row in office.rows()) >= 2)
        office.add("ada@example.org")
        smtp.wait_for(1, timeout=10, to="ada@example.org")
        untried = [row for row in office.rows() if row["attempts"] == 0]
    assert len(untried) == 8
    assert office.outcomes()["ada@example.org"] == Outcome.SENT


def test_rows_that_stepped_back_are_delivered_all_the_same(quick_office: Office, smtp: SmtpSink) -> None:
    quick_office.clock = lambda: datetime.now(UTC)  # type: ignore[assignment]  # they step back by the clock
    for number in range(30):
        quick_office.add(f"{number}@example.org")
    smtp.fault("data", delay=0.02)
    with quick_office.working(quick_office.worker(senders=3, domain_senders=1)):
        smtp.wait_for(30, timeout=20)
        wait_until(lambda: set(quick_office.outcomes().values()) == {Outcome.SENT})
    assert {row["attempts"] for row in quick_office.rows()} == {1}
    assert len(smtp.messages) == 30


def test_places_are_given_back_when_threads_race() -> None:
    polite = Politeness(3)
    most, now, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal most, now
        for _ in range(200):
            admitted = polite.admit("example.org")
            if isinstance(admitted, Place):
                with lock:
                    now += 1
                    most = max(most, now)
                with lock:
                    now -= 1
                polite.leave(admitted)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 3
    assert [isinstance(polite.admit("example.org"), Place) for _ in range(4)] == [True, True, True, False]
