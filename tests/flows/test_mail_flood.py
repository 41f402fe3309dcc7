"""Floods of requests for letters: what an address, a client and the whole service send at most."""

from collections import Counter

import pytest

from service.core.values import Outcome, Priority
from tests.flows.forgotten import READER, STAFF, Forgotten

MANY = 300


@pytest.fixture
def flooded(make_service, database: str) -> Forgotten:
    return Forgotten(make_service(database, rate_limit_scale=1, rate_limits="resets_sent=5/hour"))


@pytest.mark.case("DOS-11")
def test_one_client_fills_the_queue_with_ten_letters_whatever_it_asks_for(flooded: Forgotten) -> None:
    answers = Counter(flooded.ask(f"stranger{number}@example.net").status_code for number in range(MANY))
    assert answers == {202: 10, 429: MANY - 10}
    assert len(flooded.rows("outbox")) == 10


@pytest.mark.case("DOS-11", "ENU-06")
def test_all_letters_together_have_a_limit_that_nobody_sees_and_strangers_do_not_use_up(
    flooded: Forgotten,
) -> None:
    readers = [f"reader{number}@example.org" for number in range(8)]
    for email in readers:
        flooded.join(email)
    strangers = [f"stranger{number}@example.net" for number in range(20)]
    answers = {
        flooded.ask(email, environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"}).data
        for number, email in enumerate([*strangers, *readers])
    }
    assert len(answers) == 1
    flooded.service.deliver()
    assert Counter(flooded.outcomes()) == {
        Outcome.NO_ACCOUNT: len(strangers),
        Outcome.SENT: 5,
        Outcome.THROTTLED: 3,
    }
    assert len(flooded.mailbox.messages) == 5


@pytest.mark.case("DOS-11")
def test_a_letter_tried_again_counts_once_and_one_from_staff_not_at_all(
    clock, make_service, sqlite_url
) -> None:
    flooded = Forgotten(make_service(sqlite_url, rate_limit_scale=1, rate_limits="resets_sent=1/hour"))
    user = flooded.join()
    flooded.mailbox.fault("rcpt", "451 4.7.1 later", times=2)
    flooded.ask()
    for _ in range(3):
        flooded.service.deliver()
        clock.advance(minutes=2)
    assert flooded.outcomes() == [Outcome.SENT]
    flooded.service.parts.flows.accounts.send_reset(user.id, STAFF)
    flooded.service.deliver()
    assert len(flooded.mailbox.to(READER)) == 2


@pytest.mark.case("DOS-11")
def test_a_real_letter_does_not_wait_behind_a_flood(make_service, database: str) -> None:
    """A thousand strangers from a thousand addresses were first; the reader's letter leaves within a minute."""
    forgotten = Forgotten(make_service(database))
    forgotten.join()
    with forgotten.service.parts.store.write() as uow:
        for number in range(1000):
            add_request(uow, forgotten.service.parts.flows.password_reset, f"s{number}@{number % 50}.example")
    forgotten.ask()
    forgotten.service.deliver()
    (letter,) = forgotten.mailbox.to(READER)
    assert letter.link("/reset-password")
    (row,) = (row for row in forgotten.rows("outbox") if row.canonical == READER)
    assert (row.settled_at - row.created_at).total_seconds() < 60


def add_request(uow, flow, address: str) -> None:
    uow.outbox.add(
        "password_reset",
        address=address,
        canonical=address,
        at=flow.clock(),
        expires_in=flow.lifetime,
        priority=Priority.RESET,
        context={"next": None, "locale": "en"},
    )
