"""kill -9 between a receiver's yes and our mark: told again, with the same id, and once more at most."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from service.core.values import Outcome
from service.core.webhooks import WEBHOOK
from service.store.schema_mail import OutboxTable
from tests.flows.people import change, count_of
from tests.support.people import VISIT, add_reader
from tests.support.smtp import wait_until
from tests.support.webhook_receiver import register


@pytest.mark.case("WHK-10", "WHK-07")
def test_killed_between_the_receiver_s_yes_and_the_mark(make_service, live, database, receiver):
    service, workers = make_service(database), live(database, processes=0)
    register(service, receiver, "user.created", "user.disabled")
    user = add_reader(service)
    service.parts.flows.accounts.disable(user.id, VISIT)
    first = workers.start_worker()
    receiver.answer(200, times=1, before=lambda: workers.kill(first))
    receiver.wait_for(1)
    wait_until(lambda: first.poll() is not None, 20, "the worker to be dead")
    assert count_of(service, OutboxTable, OutboxTable.settled_at.is_not(None)) == 0
    change(service, update(OutboxTable).values(due_at=datetime.now(UTC)))  # the dead worker's lease is over
    workers.start_worker()
    receiver.wait_for(3)
    wait_until(lambda: outcomes(service) == [Outcome.SENT] * 2, 20, "both events to be marked")
    assert receiver.types == ["user.created", "user.created", "user.disabled"]
    assert (receiver.taken[0].id, receiver.taken[0].body) == (receiver.taken[1].id, receiver.taken[1].body)
    assert len(receiver.calls) == 3


def outcomes(service):
    with service.parts.store.engine.connect() as connection:
        return list(
            connection.execute(select(OutboxTable.outcome).where(OutboxTable.letter == WEBHOOK)).scalars()
        )
