"""Traces: what a collector is told of requests and deliveries, and that nobody waits for it."""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from service.adapters.tracing import open_tracing
from service.adapters.tracing.collector import Collector as Sender
from service.adapters.tracing.spans import QUEUE, Spans
from service.core.forward_auth import PATH as FORWARD_AUTH_PATH
from tests.support.collector import Collector
from tests.support.environment import process_environment, service_environment
from tests.support.live import ROOT
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, add_reader, signed_in
from tests.support.processes import free_port
from tests.support.service import Service
from tests.support.smtp import SmtpSink
from tests.support.webhook_receiver import WebhookReceiver, register

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CONTINUED = f"00-{TRACE}-{CALLER}-01"
AGENT = "CanaryBrowser/7.7"
STRANGER = "198.51.100.77"
QUICK = 1.5  # seconds; a request that waited for a slow collector would take three

Make = Callable[..., Service]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def traced(make_service: Make, sqlite_url: str, collector: Collector) -> Service:
    return make_service(sqlite_url, otlp_endpoint=collector.url)


def flush(service: Service) -> None:
    service.parts.tracing.flush()


def logged(capsys: pytest.CaptureFixture[str], *events: str) -> list[dict[str, Any]]:
    """The lines of these events, in order."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] in events]


def test_a_request_is_a_span_with_its_route_and_without_its_path(
    traced: Service, collector: Collector
) -> None:
    answer = traced.client().get("/login/nobody?next=/secret", headers={"X-Request-Id": "request-of-mine"})
    assert answer.status_code == 404
    flush(traced)
    (span,) = collector.spans
    assert (span.name, span.kind, span.parent, span.failed) == ("GET /login/<provider>", "server", "", False)
    assert span.facts == {
        "http.request.method": "GET",
        "http.route": "/login/<provider>",
        "http.response.status_code": 404,
        "url.scheme": "http",
        "server.address": "localhost",
        "masthead.request_id": "request-of-mine",
    }
    assert 0 < span.seconds < 10
    assert span.resource == {"service.name": "masthead", "service.version": "0.1.0"}


def test_a_path_without_a_route_is_told_by_its_method_alone(traced: Service, collector: Collector) -> None:
    assert traced.client().get("/canary-path").status_code == 404
    flush(traced)
    (span,) = collector.spans
    assert span.name == "GET"
    assert "http.route" not in span.facts
    assert b"canary-path" not in collector.received


def test_a_method_that_nobody_knows_is_not_repeated(traced: Service, collector: Collector) -> None:
    assert traced.client().request("CANARY", "/login").status_code == 405
    flush(traced)
    (span,) = collector.spans
    assert span.name == "HTTP"
    assert span.facts["http.request.method"] == "_OTHER"
    assert b"CANARY" not in collector.received


def test_a_defect_is_a_failed_span(
    traced: Service, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise RuntimeError(f"canary of {ADDRESS}")

    monkeypatch.setitem(traced.app.view_functions, "healthz", stumble)
    assert traced.client().get("/healthz").status_code == 500
    flush(traced)
    (span,) = collector.spans
    assert span.failed
    assert (span.facts["http.response.status_code"], span.facts["error.type"]) == (500, "500")
    assert b"canary" not in collector.received


def test_a_callers_trace_is_continued_and_its_state_left_alone(traced: Service, collector: Collector) -> None:
    headers = {"traceparent": CONTINUED, "tracestate": "vendor=canary", "baggage": "reader=canary"}
    assert traced.client().get("/healthz", headers=headers).status_code == 200
    flush(traced)
    (span,) = collector.spans
    assert (span.trace, span.parent) == (TRACE, CALLER)
    assert b"canary" not in collector.received


@pytest.mark.parametrize("nonsense", ["", "hunter2", f"00-{'0' * 32}-{CALLER}-01", f"ff-{TRACE}-{CALLER}-01"])
def test_what_is_no_trace_begins_a_new_one(traced: Service, collector: Collector, nonsense: str) -> None:
    assert traced.client().get("/healthz", headers={"traceparent": nonsense}).status_code == 200
    flush(traced)
    (span,) = collector.spans
    assert span.parent == ""
    assert span.trace not in (TRACE, "0" * 32)


def test_a_trace_that_its_caller_does_not_record_is_not_recorded(
    traced: Service, collector: Collector
) -> None:
    assert (
        traced.client().get("/healthz", headers={"traceparent": f"00-{TRACE}-{CALLER}-00"}).status_code == 200
    )
    flush(traced)
    assert collector.spans == []


@pytest.mark.parametrize("path", ["/api/v1/session", FORWARD_AUTH_PATH])
def test_answers_of_the_gate_are_spans_as_well(traced: Service, collector: Collector, path: str) -> None:
    add_reader(traced)
    client = signed_in(traced)
    client.headers = {}
    answer = client.get(path, headers={"traceparent": CONTINUED})
    assert answer.status_code == 200
    flush(traced)
    (span,) = collector.named(f"GET {path}")
    assert (span.trace, span.parent, span.kind) == (TRACE, CALLER, "server")
    assert span.facts["http.route"] == path
    assert span.facts["http.response.status_code"] == 200
    assert span.facts["masthead.request_id"] == answer.headers["X-Request-Id"]
    assert 0 < span.seconds < 10


def test_what_the_gate_hands_on_is_one_span(traced: Service, collector: Collector) -> None:
    assert traced.client().get("/api/v1/session").status_code == 401
    flush(traced)
    (span,) = collector.spans
    assert span.facts["http.response.status_code"] == 401


def test_a_letter_is_a_span_with_its_kind_and_what_became_of_it(
    traced: Service, collector: Collector, smtp: SmtpSink
) -> None:
    add_reader(traced)
    client = traced.client()
    for address in (ADDRESS, "nobody@example.org"):
        assert client.post("/api/v1/password/forgot", {"email": address}).status_code == 202
    assert traced.deliver() == 2
    flush(traced)
    letters = collector.named("deliver password_reset")
    assert {span.facts["masthead.outcome"] for span in letters} == {"sent", "no_account"}
    assert {(span.kind, span.parent, span.failed) for span in letters} == {("consumer", "", False)}
    assert {span.facts["masthead.queue"] for span in letters} == {"outbox"}
    assert {frozenset(span.facts) for span in letters} == {
        frozenset({"masthead.queue", "masthead.kind", "masthead.outcome"})
    }
    assert len(smtp.to(ADDRESS)) == 1


def test_a_letter_that_is_tried_again_and_one_that_is_refused_are_told_apart(
    traced: Service, collector: Collector, smtp: SmtpSink
) -> None:
    add_reader(traced)
    smtp.fault("rcpt", "550 5.1.1 no such user", times=1)
    assert traced.client().post("/api/v1/password/forgot", {"email": ADDRESS}).status_code == 202
    traced.deliver()
    smtp.fault("rcpt", "451 4.3.0 later", times=1)
    add_reader(traced, "second@example.org")
    assert traced.client().post("/api/v1/password/forgot", {"email": "second@example.org"}).status_code == 202
    traced.deliver()
    flush(traced)
    told = [
        (span.facts["masthead.outcome"], span.failed) for span in collector.named("deliver password_reset")
    ]
    assert told == [("refused", True), ("retry", False)]
    assert b"no such user" not in collector.received


def test_an_event_for_another_service_is_a_span_of_its_queue(
    traced: Service, collector: Collector, receiver: WebhookReceiver
) -> None:
    register(traced, receiver, "user.created", path="/canary-of-the-receiver")
    add_reader(traced)
    traced.deliver()
    assert receiver.types == ["user.created"]
    flush(traced)
    (span,) = collector.named("deliver webhook")
    assert span.facts == {
        "masthead.queue": "webhook",
        "masthead.kind": "webhook",
        "masthead.outcome": "sent",
    }
    assert b"canary" not in collector.received


@pytest.mark.case("SEC-05")
def test_nothing_personal_is_in_any_byte_that_leaves(
    make_service: Make, sqlite_url: str, collector: Collector, smtp: SmtpSink
) -> None:
    service = make_service(sqlite_url, otlp_endpoint=collector.url, trusted_proxies=1)
    reader = add_reader(service)
    client = service.client()
    client.headers |= {"User-Agent": AGENT, "X-Forwarded-For": STRANGER}
    client.post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD})
    session = client.inner.get_cookie("masthead")
    client.get(f"/login?next=/for/{ADDRESS}")
    client.get(f"/{ADDRESS}/{reader.id}?canary=query")
    client.post("/api/v1/password/forgot", {"email": ADDRESS})
    service.deliver()
    link = smtp.link(smtp.to(ADDRESS)[-1], "/reset-password")
    token = parse_qs(urlsplit(link).query)["token"][0]
    client.follow(client.get(link))
    assert client.post("/api/v1/password/reset", {"token": token, "password": ANOTHER}).status_code == 200
    service.deliver()
    flush(service)
    names = {span.name for span in collector.spans}
    assert names >= {"POST /api/v1/login", "GET /reset-password", "deliver password_reset"}
    assert session is not None
    for canary in (
        *(ADDRESS, "example.org", PASSWORD, ANOTHER, token, session.value, str(reader.id), reader.id.hex),
        *(AGENT, STRANGER, "127.0.0.1:5", "canary", "next=", "curl/8.5"),
    ):
        assert canary.encode() not in collector.received, canary


@pytest.mark.parametrize("how", ["away", "slow", "500", "not found"])
def test_nobody_waits_for_a_collector_in_trouble(
    make_service: Make, sqlite_url: str, collector: Collector, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}" if how == "away" else collector.url
    collector.answer = 500 if how == "500" else 200
    collector.pause = 30.0 if how == "slow" else 0.0
    service = make_service(sqlite_url, otlp_endpoint=endpoint + ("/elsewhere" if how == "not found" else ""))
    client = service.client()
    client.get("/healthz")
    sending = threading.Thread(target=lambda: [flush(service), client.get("/healthz"), flush(service)])
    sending.start()
    for _ in range(50):
        began = time.monotonic()
        assert client.get("/healthz").status_code == 200
        assert time.monotonic() - began < QUICK
    sending.join(20)
    (line,) = logged(capsys, "traces_not_taken")
    assert "127.0.0.1" not in str(line)
    assert collector.spans == [] or how == "slow"


def test_a_collector_that_comes_back_is_told_of_what_happens_then(
    make_service: Make, sqlite_url: str, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    service = make_service(sqlite_url, otlp_endpoint=collector.url, log_level="INFO")
    collector.answer = 503
    for _ in range(2):
        service.client().get("/healthz")
        flush(service)
    collector.answer = 200
    for _ in range(2):
        service.client().get("/readyz")
        flush(service)
    assert [span.name for span in collector.spans] == ["GET /readyz"] * 2
    lines = logged(capsys, "traces_not_taken", "traces_taken_again")
    assert [line["event"] for line in lines] == ["traces_not_taken", "traces_taken_again"]
    assert lines[0]["cause"] == "status 503"


def test_what_waits_is_bounded_and_the_oldest_are_dropped(collector: Collector) -> None:
    collector.pause = 1.0
    spans = Spans(collector.url, "https://accounts.example.org", "1")
    began = time.monotonic()
    for number in range(3 * QUEUE):
        spans.request("GET", "").end(f"/{number}", 200, "request-id")
    assert time.monotonic() - began < 5
    collector.pause = 0.0
    spans.close()
    told = {span.name for span in collector.spans}
    assert len(told) < 3 * QUEUE
    assert f"GET /{3 * QUEUE - 1}" in told
    assert {span.facts["server.address"] for span in collector.spans} == {"accounts.example.org"}


@pytest.mark.parametrize("pause", [0.0, 30.0])
def test_what_is_left_is_sent_at_the_end_which_waits_for_seconds_at_most(
    collector: Collector, pause: float
) -> None:
    collector.pause = pause
    spans = Spans(collector.url, "http://localhost", "1")
    for _ in range(QUEUE):
        spans.delivery("outbox", "password_reset").end("sent", failed=False)
    began = time.monotonic()
    spans.close()
    assert time.monotonic() - began < 10
    assert collector.named("deliver password_reset")
    assert pause or len(collector.spans) == QUEUE


def test_a_share_of_the_traces_is_enough_where_the_operator_says_so(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
    spans = Spans(collector.url, "http://localhost", "1")
    spans.request("GET", "").end("/", 200, "request-id")
    spans.close()
    assert collector.calls == []


def test_log_lines_of_a_request_name_its_trace_and_later_ones_do_not(
    make_service: Make, sqlite_url: str, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    service = make_service(sqlite_url, otlp_endpoint=collector.url, log_level="INFO")
    service.client().post("/api/v1/login", {"email": ADDRESS, "password": "wrong wrong wrong"})
    logging.getLogger("service").warning("afterwards")
    flush(service)
    (span,) = collector.spans
    failed, afterwards = logged(capsys, "login.failed", "afterwards")
    assert failed["trace_id"] == span.trace
    assert "trace_id" not in afterwards


@pytest.mark.parametrize("path", ["", "/", "/v1/traces"])
def test_the_path_of_traces_is_added_unless_it_is_there(collector: Collector, path: str) -> None:
    assert Sender(collector.url + path).trouble() is None
    assert collector.calls == ["/v1/traces"]


def test_without_a_collector_there_is_nothing_and_nothing_is_imported(sqlite_url: str) -> None:
    assert open_tracing(None, "http://localhost", "1") is None
    program = (
        "import sys, wsgi, json\n"
        "wsgi.app.test_client().get('/healthz')\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('opentelemetry')]))"
    )
    for more, expected in ({}, False), ({"otlp_endpoint": "http://localhost:4318"}, True):
        environment = process_environment(service_environment(sqlite_url, "smtp://localhost", **more))
        run = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert bool(json.loads(run.stdout)) is expected
