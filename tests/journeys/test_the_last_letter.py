"""A web process that delivers by itself finishes the letter it holds before it ends."""

from collections.abc import Callable

from tests.support.live import LiveService
from tests.support.people import ADDRESS, add_reader
from tests.support.service import Service
from tests.support.smtp import SmtpSink, wait_until


def test_a_letter_on_its_way_is_settled_when_the_server_stops(
    live: Callable[..., LiveService], make_service: Callable[..., Service], sqlite_url: str, smtp: SmtpSink
) -> None:
    add_reader(make_service(sqlite_url))
    running = live(sqlite_url, worker="thread", log_level="INFO")
    smtp.fault("data", delay=2)
    with running.client() as client:
        assert client.post("/api/v1/password/forgot", json={"email": ADDRESS}).status_code == 202
    wait_until(lambda: smtp.connections > 0, timeout=20, what="a letter on its way")
    running.terminate()
    assert len(smtp.to(ADDRESS)) == 1
    assert '"event": "outbox.settled"' in running.log()
