"""Claiming: whose receiver has room and whose turn it is; the others step back untried."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.core.values import LETTERS, OutboxRow, Priority, new_id
from service.core.webhooks import Webhook, WebhookEvent, WebhookType
from service.delivery import claims, politeness
from service.delivery.claims import Claim, Claims
from service.delivery.politeness import BUSY_PAUSE, SLOW_PAUSE, Place, Politeness
from tests.delivery.office import NOON, Office

LEASE = timedelta(seconds=60)
HOOK = Webhook(new_id(), "https://news.example.org/hook", (), "locked", NOON)


def claims_of(office: Office, polite: Politeness, queue: Sequence[Priority] = LETTERS) -> Claims:
    return Claims(office.clock, LEASE, polite, queue)


def take(office: Office, desk: Claims, limit: int) -> list[Claim]:
    with office.store.write() as uow:
        return desk.take(uow, limit)


def addresses(taken: Sequence[Claim]) -> list[str]:
    return [claim.row.address for claim in taken]


def pauses(office: Office) -> dict[str, float]:
    """In how many seconds each row that was not tried is due."""
    rows = [row for row in office.rows() if row["attempts"] == 0]
    return {row["address"]: (row["due_at"] - office.clock()).total_seconds() for row in rows}


def add(office: Office, *names: str) -> None:
    """Add letters due one after the other, all by noon and a minute."""
    office.clock.now = NOON
    for name in names:
        office.add(name)
        office.clock.turn(seconds=1)
    office.clock.now = NOON + timedelta(minutes=1)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Politeness:
    """One place a domain; `slow.example` has taken its own, and is slow."""
    polite = Politeness(1)
    polite.admit("slow.example")
    monkeypatch.setattr(politeness, "SLOW", 0.0)
    return polite


def queue(office: Office, user_id: UUID, *turns: int, hook: Webhook = HOOK) -> None:
    events = [WebhookEvent(turn, new_id(), WebhookType.USER_UPDATED, user_id, NOON, {}) for turn in turns]
    with office.store.write() as uow:
        uow.webhooks.queue(hook, events, at=NOON)


def test_what_a_popular_domain_has_no_room_for_steps_back_for_a_second(office: Office) -> None:
    add(office, "1@example.org", "2@example.org", "3@example.net", "4@example.org")
    taken = take(office, claims_of(office, Politeness(1)), 3)
    assert addresses(taken) == ["1@example.org", "3@example.net"]
    # and nobody looks behind it: the fourth has not moved
    assert pauses(office) == {"2@example.org": BUSY_PAUSE, "4@example.org": -57}


def test_behind_those_of_a_slow_domain_the_others_come_forward(office: Office, slow: Politeness) -> None:
    add(office, "1@slow.example", "2@slow.example", "3@example.org", "4@example.net", "5@slow.example")
    taken = take(office, claims_of(office, slow), 1)
    assert addresses(taken) == ["3@example.org"]
    # who was looked at beyond what was wanted is due at once
    assert pauses(office) == {
        "1@slow.example": SLOW_PAUSE,
        "2@slow.example": SLOW_PAUSE,
        "4@example.net": 0,
        "5@slow.example": 0,
    }


def test_a_crowd_is_looked_through_in_rounds_that_end(
    office: Office, slow: Politeness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "CROWD", 2)
    monkeypatch.setattr(claims, "MOST_ROUNDS", 2)
    add(office, *(f"{number}@slow.example" for number in range(7)), "ada@example.org", "bob@example.org")
    assert take(office, claims_of(office, slow), 1) == []
    looked_at = [name for name, pause in pauses(office).items() if pause == SLOW_PAUSE]
    assert looked_at == [f"{number}@slow.example" for number in range(5)]
    assert addresses(take(office, claims_of(office, slow), 1)) == ["ada@example.org"]
    assert pauses(office)["bob@example.org"] == 8 - 60  # nobody looks further than for what was wanted


def test_a_claim_is_ours_for_the_lease_and_gives_its_place_back_once(quick_office: Office) -> None:
    add(quick_office, "1@example.org", "2@example.org")
    polite = Politeness(1)
    desk = claims_of(quick_office, polite)
    before = time.monotonic()
    (claim,) = take(quick_office, desk, 1)
    assert before + 60 <= claim.until <= time.monotonic() + 60
    assert not claim.over
    claim.until = time.monotonic()
    assert claim.over
    assert polite.admit("example.org") == BUSY_PAUSE
    desk.leave(claim)
    assert addresses(take(quick_office, desk, 1)) == ["2@example.org"]
    desk.leave(claim)
    assert polite.admit("example.org") == BUSY_PAUSE


def test_an_errand_without_an_address_needs_no_place(quick_office: Office) -> None:
    add(quick_office, "", "", "ada@example.org")
    desk = claims_of(quick_office, Politeness(1))
    taken = take(quick_office, desk, 3)
    assert [claim.place is None for claim in taken] == [True, True, False]
    for claim in taken:
        desk.leave(claim)


def test_who_claims_in_vain_gives_the_places_back(quick_office: Office, slow: Politeness) -> None:
    class Torn:
        """An outbox whose second round fails."""

        def __init__(self, outbox: Any) -> None:
            self.outbox, self.rounds = outbox, 0

        def claim(self, *args: Any, **options: Any) -> list[OutboxRow]:
            self.rounds += 1
            if self.rounds == 2:
                raise OSError
            return self.outbox.claim(*args, **options)

        def step_back(self, *args: Any, **options: Any) -> None:
            self.outbox.step_back(*args, **options)

    add(quick_office, "1@example.org", "2@slow.example")
    with pytest.raises(OSError), quick_office.store.write() as uow:  # noqa: PT012
        uow.outbox = Torn(uow.outbox)  # type: ignore[assignment, misc]
        claims_of(quick_office, slow).take(uow, 3)
    assert isinstance(slow.admit("example.org"), Place)


def test_the_deliveries_of_a_webhook_share_its_places_whoever_they_are_about(office: Office) -> None:
    other = Webhook(new_id(), "https://else.example.org/hook", (), "locked", NOON)
    queue(office, new_id(), 1)
    queue(office, new_id(), 2)
    queue(office, new_id(), 3, hook=other)
    taken = take(office, claims_of(office, Politeness(1), [Priority.WEBHOOK]), 3)
    assert len({claim.row.context["webhook"] for claim in taken}) == len(taken) == 2
    assert sorted(claim.place.domain for claim in taken if claim.place) == sorted([HOOK.id.hex, other.id.hex])


def test_whose_turn_it_is_not_waits_in_steps_of_ten_seconds(office: Office) -> None:
    def waits() -> list[float]:
        rows = sorted(office.rows(), key=lambda row: row["turn"])
        return [(row["due_at"] - office.clock()).total_seconds() for row in rows]

    queue(office, new_id(), 1, 2)
    desk = claims_of(office, Politeness(9), [Priority.WEBHOOK])
    (first,) = take(office, desk, 2)
    assert first.row.turn == 1
    assert waits() == [60, 10]  # the one before was due when both were claimed
    office.clock.turn(seconds=15)
    assert take(office, desk, 2) == []
    assert waits() == [45, 50]
