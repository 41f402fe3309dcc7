"""The threads that send, and the arithmetic of trying again."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.values import OutboxRow
from service.delivery.claims import Claim
from service.delivery.retry import LONGEST_PAUSE, next_try
from service.delivery.senders import Senders

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def row(attempts: int = 1, life: timedelta = timedelta(days=1)) -> OutboxRow:
    return OutboxRow(
        UUID(int=attempts), "x", "a@example.org", "a@example.org", NOW, NOW + life, attempts=attempts
    )


def test_as_many_rows_are_taken_as_senders_are_idle() -> None:
    go = threading.Event()
    senders = Senders(3, lambda claim: go.wait(5))
    assert (senders.wait_for_idle(1), senders.all_idle) == (3, True)
    senders.hand([Claim(row(1), 0), Claim(row(2), 0)])
    assert (senders.wait_for_idle(1), senders.all_idle) == (1, False)
    senders.hand([Claim(row(3), 0)])
    assert senders.wait_for_idle(0.05) == 0
    go.set()
    senders.finish(5)
    assert senders.all_idle


@settings(deadline=None)
@given(
    attempts=st.integers(0, 10_000),
    life=st.timedeltas(timedelta(seconds=-10), timedelta(days=30)),
    jitter=st.floats(0.5, 1.5),
)
def test_the_next_try_is_always_later_and_always_in_time(
    attempts: int, life: timedelta, jitter: float
) -> None:
    due_at = next_try(row(attempts, life), NOW, jitter)
    if due_at is None:
        assert life < timedelta(seconds=20)
    else:
        assert NOW < due_at < NOW + life
        assert due_at - NOW <= LONGEST_PAUSE * 1.5


@pytest.mark.parametrize(
    ("life", "pause"),
    [
        (timedelta(days=1), timedelta(seconds=40)),
        (timedelta(seconds=46), timedelta(seconds=40)),
        (timedelta(seconds=44), None),
        (timedelta(seconds=30), timedelta(seconds=15)),
        (timedelta(seconds=9), None),
    ],
)
def test_the_end_of_a_row_brings_its_last_try_closer(life: timedelta, pause: timedelta | None) -> None:
    due_at = next_try(row(3, life), NOW, 1.0)
    assert due_at == (None if pause is None else NOW + pause)
