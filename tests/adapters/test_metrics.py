"""What operators' dashboards see: events, the outbox, the hashes; from the page itself."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.counters import forget_ended
from tests.flows.clock import MovableClock
from tests.support.live import LiveService
from tests.support.service import Client, Service

TOKEN = "scrape-me-0123456789"
METRICS: dict[str, Any] = {"headers": {"Authorization": f"Bearer {TOKEN}"}}


def value(page: str, metric: str) -> float:
    """A metric's value, 0 where it has never been counted."""
    found = re.search(rf"^{re.escape(metric)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def read(client: Client) -> str:
    page = client.get("/metrics", **METRICS)
    assert page.status_code == 200
    return page.text


@pytest.mark.case("ADM-12")
def test_metrics_are_for_who_knows_the_token(make_service: Callable[..., Service], sqlite_url: str) -> None:
    assert make_service(sqlite_url).client().get("/metrics", **METRICS).status_code == 401
    client = make_service(sqlite_url, metrics_token=TOKEN).client()
    for said in (None, TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", "Bearer é"):
        answer = client.get("/metrics", headers={"Authorization": said})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert read(client).startswith("# HELP masthead_events_total")


@pytest.mark.case("LOG-01")
def test_failures_and_throttles_are_counted_and_nobody_is_named(
    make_service: Callable[..., Service], sqlite_url: str
) -> None:
    service = make_service(sqlite_url, metrics_token=TOKEN, rate_limit_scale=1)
    client, failed = service.client(), 'masthead_events_total{event="login.failed",kind=""}'
    throttled = 'masthead_events_total{event="throttled",kind="login_per_client"}'
    before = read(client)
    for number in range(12):
        client.post(
            "/api/v1/login", {"email": f"reader{number}@example.org", "password": "wrong by all means"}
        )
    after = read(client)
    assert value(after, failed) == value(before, failed) + 10
    assert value(after, throttled) == value(before, throttled) + 2
    assert value(after, "masthead_hashes_waiting") == 0
    assert "@" not in after
    assert "127.0.0.1" not in after


@pytest.mark.case("FLT-14")
def test_without_a_worker_readers_are_answered_and_the_queue_is_seen_to_age(
    make_service: Callable[..., Service], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = MovableClock()
    monkeypatch.setattr("service.wiring.utc_now", clock)
    client = make_service(database, metrics_token=TOKEN).client()
    assert value(read(client), "masthead_outbox_oldest_seconds") == 0
    for number in range(3):
        asked = client.post("/api/v1/password/forgot", {"email": f"reader{number}@example.org"})
        assert asked.status_code == 202
    clock.advance(minutes=10)
    page = read(client)
    assert value(page, "masthead_outbox_due") == 3
    assert value(page, "masthead_outbox_oldest_seconds") > 500


def test_processes_are_counted_together_and_ended_ones_hold_no_hashes(
    live: Callable[..., LiveService], sqlite_url: str
) -> None:
    service = live(sqlite_url, processes=2, metrics_token=TOKEN)
    for number in range(24):
        with service.client() as client:
            body = {"email": f"reader{number}@example.org", "password": "wrong by all means"}
            assert client.post("/api/v1/login", json=body).status_code == 401
    with service.client() as client:
        for _ in range(4):  # whichever process answers
            page = client.get("/metrics", **METRICS).text
            assert value(page, 'masthead_events_total{event="login.failed",kind=""}') == 24
            assert value(page, "masthead_hashes_waiting") == 0


@pytest.mark.parametrize(("running", "kept"), [(True, 1), (False, 0)])
def test_what_an_ended_process_held_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: bool, kept: int
) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        if not running:
            other.kill()
            other.wait(10)
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
        (tmp_path / f"gauge_livesum_{other.pid}.db").touch()
        (tmp_path / f"counter_{other.pid}.db").touch()
        forget_ended()
        assert len(list(tmp_path.glob("gauge*"))) == kept
        assert len(list(tmp_path.glob("counter*"))) == 1
    finally:
        other.kill()
        other.wait(10)
