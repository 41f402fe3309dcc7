"""Transports in order: who is left alone for a while, who is asked next, and what that means for a row."""

from contextlib import suppress
from datetime import timedelta

import pytest

from service.core.mail import DeliveryRefused, TransportTrouble
from service.core.values import Outcome
from service.delivery.ways import ENOUGH_SILENCE, Way
from tests.delivery.mails import mail
from tests.delivery.office import NOON, Clock, Office
from tests.delivery.scripted import Scripted
from tests.support.smtp import SmtpSink

NOBODY = TransportTrouble("ConnectionRefusedError", about_server=True)


def tried(way: Way) -> bool:
    """Send a letter if the way admits one; whether it did."""
    if not way.admits():
        return False
    with suppress(TransportTrouble, DeliveryRefused):
        way.send(mail())
    return True


def test_a_server_found_away_is_left_alone_then_tried_by_one_letter() -> None:
    clock, away = Clock(), Scripted(NOBODY)
    way = Way(away, clock)
    assert [tried(way) for _ in range(ENOUGH_SILENCE + 5)].count(True) == ENOUGH_SILENCE
    waited = []
    for _ in range(5):
        assert way.again_at is not None
        waited.append((way.again_at - clock()).total_seconds())
        clock.now = way.again_at
        assert [tried(way) for _ in range(3)] == [True, False, False]
    assert waited == [10, 20, 40, 60, 60]


def test_one_letter_that_gets_through_opens_the_way_for_all() -> None:
    clock = Clock()
    way = Way(Scripted(*[NOBODY] * ENOUGH_SILENCE, "250 OK"), clock)
    while tried(way):
        pass
    clock.turn(seconds=10)
    assert [tried(way) for _ in range(4)] == [True] * 4
    assert way.again_at is None


@pytest.mark.parametrize("answer", [TransportTrouble("451 greylisted"), DeliveryRefused("550 nobody")])
def test_what_a_server_says_of_a_letter_shows_that_it_is_there(answer: Exception) -> None:
    way = Way(Scripted(NOBODY, NOBODY, answer, NOBODY, NOBODY, answer), Clock())
    assert all(tried(way) for _ in range(12))


def test_only_one_letter_tries_even_while_it_is_under_way() -> None:
    clock = Clock()
    way = Way(Scripted(NOBODY), clock)
    while tried(way):
        pass
    clock.turn(seconds=10)
    assert [way.admits(), way.admits()] == [True, False]
    clock.turn(seconds=20)  # whoever tried never came back
    assert way.admits()


def test_letters_go_round_a_server_that_is_away_without_knocking(
    quick_office: Office, smtp: SmtpSink
) -> None:
    away = Scripted(NOBODY)
    for number in range(20):
        quick_office.add(f"{number}@example.org")
    quick_office.worker(transports=[away, quick_office.transport()]).drain()
    assert (len(away.letters), len(smtp.messages)) == (ENOUGH_SILENCE, 20)


@pytest.mark.case("FLT-01", "DOS-11")
def test_letters_leave_within_a_minute_of_the_server_s_return_however_long_it_was_away(
    quick_office: Office, smtp: SmtpSink
) -> None:
    day = timedelta(days=1)
    rows = [quick_office.add(f"{number}@example.org", expires_in=day) for number in range(12)]
    worker = quick_office.worker()
    smtp.stop()
    for _ in range(200):  # 100 minutes
        worker.drain()
        quick_office.clock.turn(seconds=30)
    smtp.start()
    for _ in range(4):
        worker.drain()
        quick_office.clock.turn(seconds=20)
    assert {quick_office.row(row_id)["outcome"] for row_id in rows} == {Outcome.SENT}


def test_a_row_that_found_every_way_closed_waits_for_the_first_to_open(
    quick_office: Office, smtp: SmtpSink
) -> None:
    away = Scripted(NOBODY)
    rows = [quick_office.add(f"{number}@example.org") for number in range(6)]
    quick_office.worker(transports=[away]).drain()
    assert len(away.letters) == ENOUGH_SILENCE
    last = quick_office.row(rows[-1])
    assert last["answer"] == "no mail server answered lately"
    assert last["due_at"] <= NOON + timedelta(seconds=11)
