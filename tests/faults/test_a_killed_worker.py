"""kill -9 at every step of a delivery: nothing is lost, at most one copy more, and every copy's link works."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update

from service.core.values import Outcome, Visit
from service.store.database import open_engine
from service.store.schema_mail import OutboxTable
from tests.support.smtp import wait_until

STAFF = Visit(ip="")
ADDRESS = "reader@example.org"
PASSWORD, NEW_PASSWORD = "sepia lantern forty-two", "quiet harbour at noon"


class Outbox:
    """What the database says about the one letter under test."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    def row(self):
        with self.engine.begin() as connection:
            return connection.execute(
                select(OutboxTable.fence, OutboxTable.outcome, OutboxTable.attempts).where(
                    OutboxTable.letter == "password_reset"
                )
            ).one()

    def let_the_lease_run_out(self) -> None:
        with self.engine.execution_options(masthead_write=True).begin() as connection:
            connection.execute(update(OutboxTable).values(due_at=datetime.now(UTC)))

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Keep everybody else from changing a table (on SQLite: anything)."""
        with self.engine.execution_options(masthead_write=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
            yield


@pytest.fixture
def outbox(database):
    outbox = Outbox(database)
    yield outbox
    outbox.engine.dispose()


@pytest.fixture
def service(make_service, database):
    """The service without a worker, an account, and a reset letter asked for."""
    service = make_service(database)
    service.parts.flows.accounts.create(email=ADDRESS, password=PASSWORD, visit=STAFF)
    assert service.client().post("/api/v1/password/forgot", {"email": ADDRESS}).status_code == 202
    return service


@pytest.fixture
def workers(live, database):
    """Where worker processes are started and killed."""
    return live(database, processes=0)


def recover(workers, outbox, service) -> None:
    """Start another worker once the dead one's lease is over; the letter arrives and its links work."""
    service.mailbox.heal()
    outbox.let_the_lease_run_out()
    workers.start_worker()
    wait_until(lambda: outbox.row().outcome == Outcome.SENT, 20, "the letter to be settled")
    letters = service.mailbox.to(ADDRESS)
    assert 1 <= len(letters) <= 2
    assert len({letter.message["Message-ID"] for letter in letters}) == 1
    assert len({letter.link("/reset-password") for letter in letters}) == 1
    token = letters[0].link("/reset-password").partition("token=")[2]
    reset = {"token": token, "password": NEW_PASSWORD}
    answer = service.client().post("/api/v1/password/reset", reset)
    assert answer.status_code == 200, answer.text


@pytest.mark.case("FLT-10", "FLT-11")
@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data", "message"])
def test_killed_while_it_talks_to_the_mail_server(workers, outbox, service, smtp, stage):
    smtp.fault(stage, delay=30, times=1)
    worker = workers.start_worker()
    wait_until(lambda: smtp.faults[0].times == 0, 20, f"the worker to reach {stage}")
    workers.kill(worker)
    recover(workers, outbox, service)


@pytest.mark.case("FLT-11")
def test_killed_between_the_server_s_yes_and_the_mark(workers, outbox, service, smtp):
    smtp.fault("message", delay=1, times=1)
    worker = workers.start_worker()
    wait_until(lambda: smtp.faults[0].times == 0, 20, "the letter to be handed over")
    with outbox.locked("outbox"):
        smtp.wait_for(1, to=ADDRESS)
        workers.kill(worker)
    assert outbox.row().outcome is None
    recover(workers, outbox, service)
    first, second = smtp.to(ADDRESS)
    assert first.raw == second.raw


@pytest.mark.case("FLT-10")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite locks the claim, too
def test_killed_between_the_claim_and_the_letter(workers, outbox, service, smtp):
    with outbox.locked("users"):
        worker = workers.start_worker()
        wait_until(lambda: outbox.row().fence == 1, 20, "the row to be claimed")
        workers.kill(worker)
    assert smtp.messages == []
    recover(workers, outbox, service)
    assert len(smtp.to(ADDRESS)) == 1


@pytest.mark.case("FLT-33")
def test_a_worker_told_to_stop_finishes_what_it_holds(workers, outbox, service, smtp):
    smtp.fault("message", delay=1, times=1)
    worker = workers.start_worker()
    wait_until(lambda: smtp.faults[0].times == 0, 20, "the letter to be handed over")
    workers.terminate(worker)
    wait_until(lambda: outbox.row().outcome == Outcome.SENT, 5, "the letter to be settled")
    assert len(smtp.to(ADDRESS)) == 1
