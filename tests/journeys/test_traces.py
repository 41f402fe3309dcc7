"""Traces of real processes: a request to the server, its letter in the worker, and the last ones when both stop."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.collector import Collector
from tests.support.live import LiveService
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, add_reader
from tests.support.service import Service
from tests.support.smtp import SmtpSink, wait_until

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.case("SEC-05")
def test_a_reset_is_told_to_the_last_span_without_a_word_about_whose(
    live: Callable[..., LiveService], make_service: Callable[..., Service], sqlite_url: str, smtp: SmtpSink
) -> None:
    reader = add_reader(make_service(sqlite_url))
    with Collector() as collector:
        running = live(sqlite_url, workers=1, drain_seconds=0.5, otlp_endpoint=collector.url)
        with running.client() as client:
            client.headers["traceparent"] = f"00-{TRACE}-{CALLER}-01"
            assert client.post("/api/v1/password/forgot", json={"email": ADDRESS}).status_code == 202
            wait_until(lambda: bool(smtp.to(ADDRESS)), timeout=30, what="the letter")
            link = smtp.link(smtp.to(ADDRESS)[0], "/reset-password")
            collector.wait_for("deliver password_reset")
            assert client.get(link).status_code == 303
            token = parse_qs(urlsplit(link).query)["token"][0]
            reset = client.post("/api/v1/password/reset", json={"token": token, "password": ANOTHER})
            assert reset.status_code == 200
            signed_in = client.post("/api/v1/login", json={"email": ADDRESS, "password": ANOTHER})
            assert signed_in.status_code == 200
            collector.wait_for("deliver password_changed")
            before = len(smtp.to(ADDRESS))
            assert client.post("/api/v1/password/forgot", json={"email": ADDRESS}).status_code == 202
            wait_until(lambda: len(smtp.to(ADDRESS)) > before, timeout=30, what="the last letter")
            del client.headers["Origin"]
            assert client.get("/api/v1/session").status_code == 200
        running.terminate(running.workers[0])
        running.terminate()
        told = collector.wait_for("GET /api/v1/session")
    assert [(span.trace, span.parent) for span in told] == [(TRACE, CALLER)]
    assert len(collector.named("deliver password_reset")) == 2
    names = {span.name for span in collector.spans}
    assert names >= {
        *("POST /api/v1/password/forgot", "GET /reset-password", "POST /api/v1/password/reset"),
        *("POST /api/v1/login", "deliver password_reset", "deliver password_changed"),
    }
    cookies = [cookie.value for cookie in client.cookies.jar if cookie.value]
    assert cookies
    for secret in (
        ADDRESS,
        PASSWORD,
        ANOTHER,
        token,
        str(reader.id),
        reader.id.hex,
        *cookies,
        "python-httpx",
    ):
        assert secret.encode() not in collector.received
    assert b"traceparent" not in collector.received
