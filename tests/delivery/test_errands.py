"""Outbox rows that are no letters: calls to other services, with the same leases, retries and records."""

import pytest

from service.core.mail import DeliveryRefused, TransportTrouble
from service.core.values import OutboxRow, Outcome
from tests.delivery.office import Office

ERRAND = "password_reset"  # what the office adds; as an errand it is never asked for a letter


class Ledger:
    """Another service that keeps a list of its calls and answers as told."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[str] = []

    def __call__(self, row: OutboxRow) -> str:
        self.calls.append(row.context["what"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_an_errand_is_done_once_and_leaves_a_record(office: Office) -> None:
    ledger = Ledger("200 OK")
    row_id = office.add("", context={"what": "revoke"})
    assert office.worker(errands={ERRAND: ledger}).drain() == 1
    row = office.row(row_id)
    assert ledger.calls == ["revoke"]
    assert (row["outcome"], row["answer"], row["context"]) == (Outcome.SENT, "200 OK", {})


def test_an_errand_is_tried_again_after_trouble_and_keeps_what_it_needs(office: Office) -> None:
    ledger = Ledger(TransportTrouble("503"), "200 OK")
    row_id = office.add("", context={"what": "revoke"})
    worker = office.worker(errands={ERRAND: ledger})
    worker.drain()
    assert office.row(row_id)["settled_at"] is None
    office.clock.turn(minutes=1)
    worker.drain()
    assert ledger.calls == ["revoke", "revoke"]
    assert office.row(row_id)["outcome"] == Outcome.SENT


@pytest.mark.parametrize(
    ("fault", "outcome"), [(DeliveryRefused("400"), Outcome.REFUSED), (ValueError("odd"), Outcome.BROKEN)]
)
def test_an_errand_the_other_side_refuses_is_not_tried_again(
    office: Office, fault: Exception, outcome: Outcome
) -> None:
    ledger = Ledger(fault)
    row_id = office.add("", context={"what": "revoke"})
    worker = office.worker(errands={ERRAND: ledger})
    worker.drain()
    office.clock.turn(hours=2)
    worker.drain()
    assert ledger.calls == ["revoke"]
    assert office.row(row_id)["outcome"] == outcome
