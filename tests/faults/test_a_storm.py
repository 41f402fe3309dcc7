"""Hundreds of requests while workers, web server, mail server and database are killed and cut off.

`make soak` is the long form: 10,000 requests.
"""

import os
import signal
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from service.core.values import Outcome
from service.store.database import open_engine
from service.store.store import SqlStore
from tests.faults.storm import SENDERS, Storm
from tests.support.live import LiveService
from tests.support.postgres import PostgresServer
from tests.support.service import Service
from tests.support.smtp import SmtpSink

REQUESTS = int(os.environ.get("SOAK", "60"))
GONE = "550 5.1.1 no such mailbox"


@pytest.mark.case("FLT-01", "FLT-02", "FLT-04", "FLT-05", "FLT-10", "FLT-11", "FLT-12", "FLT-15", "FLT-16")
def test_nothing_is_lost_nothing_is_foreign_and_copies_are_few_and_good(
    database: str,
    live: Callable[..., LiveService],
    make_service: Callable[..., Service],
    smtp: SmtpSink,
    request: pytest.FixtureRequest,
) -> None:
    store = SqlStore(open_engine(database))
    restart = None
    if database.startswith("postgresql"):
        postgres: PostgresServer = request.getfixturevalue("postgres")
        # as in production: the tests' server would otherwise forget what it has just acknowledged
        postgres.execute(f'ALTER DATABASE "{database.rpartition("/")[2]}" SET synchronous_commit = on')

        def restart() -> None:
            postgres.stop(signal.SIGQUIT)  # as in a crash
            postgres.start()

    service = live(database, mail_senders=SENDERS, mail_domain_senders=SENDERS, rate_limit_scale=1_000_000)
    storm = Storm(service, smtp, store, seed=REQUESTS, restart_database=restart)
    addresses = storm.readers(REQUESTS)
    gone = set(addresses[::30])
    for address in gone:
        smtp.fault("rcpt", GONE, recipient=address)
    storm.rage(addresses, pause=0.4 if REQUESTS < 1000 else 2)
    smtp.heal()
    for address in gone:
        smtp.fault("rcpt", GONE, recipient=address)
    storm.calm(timeout=60 + REQUESTS / 20)
    arrived = storm.letters()
    history = storm.history

    assert sorted(history.accepted) == sorted(addresses)
    assert set(arrived) == set(addresses) - gone, "lost, or foreign"
    for address, letters in arrived.items():
        assert len(letters) <= history.tries[address]
    copies = sum(len(links) - 1 for letters in arrived.values() for links in letters.values())
    assert copies <= history.copies_allowed
    check = make_service(database).parts.flows.password_reset.check
    for address, letters in arrived.items():
        newest = letters[max(letters, key=lambda row_id: row_id.int)]
        for link in newest:
            assert check(parse_qs(urlsplit(link).query)["token"][0]) == address
    with store.read() as uow:
        for address in gone:
            outcomes = {letter.outcome for letter in uow.outbox.history(address)}
            assert outcomes <= {Outcome.REFUSED, Outcome.SUPPRESSED, Outcome.SUPERSEDED}
            assert uow.outbox.history(address)
    store.engine.dispose()
