"""`flask doctor`: everything that goes wrong in real life, found on the real thing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Run, printed, runner
from tests.support.captcha_vendor import CaptchaVendor
from tests.support.collector import Collector
from tests.support.range_server import RangeServer
from tests.support.redis_server import RedisServer
from tests.support.service import Service
from tests.support.smtp import SmtpSink

Make = Callable[..., Service]


def broken(run: Run) -> dict[str, str]:
    """The checks that failed, with what they say."""

    result = run("doctor", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["ok"] is False
    assert run("doctor").exit_code == 1
    return {check["check"]: check["detail"] for check in report["checks"] if not check["ok"]}


def test_a_sound_service_is_sound(service: Service, run: Run) -> None:
    report = printed(run("doctor", "--json"))
    assert report["ok"] is True
    assert {check["check"] for check in report["checks"]} >= {
        *("settings", "database", "migrations", "throttles", "mail"),
    }
    assert all(set(check) == {"check", "ok", "detail"} for check in report["checks"])
    result = run("doctor")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(report["checks"])
    assert "BROKEN" not in result.stdout
    assert service.mailbox.messages == []


@pytest.mark.parametrize(
    ("public_url", "said"),
    [
        ("http://localhost:8000", "belong to localhost"),
        ("http://127.0.0.1:8000", "browsers offer none at 127.0.0.1"),
    ],
)
def test_where_passkeys_work_is_said(make_service: Make, sqlite_url: str, public_url: str, said: str) -> None:
    report = printed(runner(make_service(sqlite_url, public_url=public_url))("doctor", "--json"))
    (detail,) = (check["detail"] for check in report["checks"] if check["check"] == "passkeys")
    assert detail.startswith(said)


def test_a_database_without_tables_asks_for_make_migrate(make_service: Make, tmp_path: Path) -> None:
    found = broken(runner(make_service(f"sqlite:///{tmp_path}/empty.db")))
    assert "make migrate" in found["migrations"]


def test_a_database_that_does_not_answer_is_named_without_its_password(make_service: Make) -> None:
    run = runner(make_service("postgresql://masthead:hunter2@127.0.0.1:9/masthead"))
    found = broken(run)
    assert "AUTH_DATABASE_URL" in found["database"]
    assert "migrations" in found
    assert "hunter2" not in run("doctor").output


def test_a_redis_that_does_not_answer_is_named(
    make_service: Make, sqlite_url: str, redis_server: RedisServer, redis_url: str
) -> None:
    run = runner(make_service(sqlite_url, redis_url=redis_url))
    assert printed(run("doctor", "--json"))["ok"]
    redis_server.stop()
    try:
        assert list(broken(run)) == ["throttles"]
    finally:
        redis_server.start()


@pytest.mark.parametrize("answer", [None, "554 5.7.1 go away", "421 4.3.2 shutting down"])
def test_a_mail_server_that_lets_nobody_in_is_named(
    make_service: Make, sqlite_url: str, smtp: SmtpSink, answer: str | None
) -> None:
    if answer is None:
        smtp.stop()
    else:
        smtp.fault("connect", answer)
    found = broken(runner(make_service(sqlite_url)))
    assert list(found) == ["mail"]
    assert str(smtp.port) in found["mail"]
    if answer is None:
        smtp.start()


def test_a_mail_server_that_refuses_our_password_is_named_without_it(
    make_service: Make, sqlite_url: str
) -> None:
    sink = SmtpSink(login=("user", "right"))
    sink.start()
    try:
        wrong = sink.url.replace("user:right", "user:hunter2")
        run = runner(make_service(sqlite_url, mail_urls=wrong))
        assert list(broken(run)) == ["mail"]
        assert "hunter2" not in run("doctor").output
    finally:
        sink.stop()


def test_a_captcha_that_does_not_know_our_key_is_named_without_it(
    make_service: Make, sqlite_url: str, make_captcha_vendor: Callable[[str], CaptchaVendor]
) -> None:
    for kind in ("hcaptcha", "recaptcha_enterprise"):
        vendor = make_captcha_vendor(kind)
        assert printed(runner(make_service(sqlite_url, **vendor.settings))("doctor", "--json"))["ok"]
        wrong = vendor.settings | {"captcha_secret_key": "hunter2"}
        run = runner(make_service(sqlite_url, **wrong))
        found = broken(run)
        assert list(found) == ["captcha"]
        assert "AUTH_CAPTCHA_SECRET_KEY" in found["captcha"]
        assert "hunter2" not in run("doctor").output
    assert "altcha answers" in runner(make_service(sqlite_url, captcha="altcha"))("doctor").stdout


def test_a_collector_of_traces_is_asked(make_service: Make, sqlite_url: str) -> None:
    with Collector() as collector:
        named = collector.url.replace("http://", "http://name:hunter2@")
        run = runner(make_service(sqlite_url, otlp_endpoint=named))
        result = run("doctor")
        assert result.exit_code == 0
        assert "the collector takes them" in result.stdout
        collector.answer = 401
        found = broken(run)
        assert list(found) == ["traces"]
        assert "(status 401): check AUTH_OTLP_ENDPOINT" in found["traces"]
    found = broken(run)
    assert "(ConnectError): check AUTH_OTLP_ENDPOINT" in found["traces"]
    assert "hunter2" not in run("doctor").output


@pytest.mark.case("FLT-14")
def test_a_worker_that_does_not_run_is_found_out_while_asking_goes_on(
    service: Service, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service.client().post("/api/v1/password/forgot", {"email": "a@example.org"}).status_code == 202
    assert printed(run("doctor", "--json"))["ok"]
    later = datetime.now(UTC) + timedelta(minutes=7)
    monkeypatch.setattr("service.cli.doctor.utc_now", lambda: later)
    found = broken(run)
    assert "is a worker running?" in found["outbox"]
    assert service.client().post("/api/v1/password/forgot", {"email": "b@example.org"}).status_code == 202
    service.deliver()
    assert printed(run("doctor", "--json"))["ok"]


@pytest.mark.case("FLT-29")
def test_a_list_of_breached_passwords_that_does_not_answer_is_named(
    make_service: Make, sqlite_url: str, ranges: RangeServer, tmp_path: Path
) -> None:
    (tmp_path / "ours.txt").write_text("masthead2039\n")
    run = runner(
        make_service(
            sqlite_url,
            password_breach_check="hibp",
            password_hibp_url=ranges.url,
            password_blocklist=str(tmp_path / "ours.txt"),
        )
    )
    (said,) = [check for check in printed(run("doctor", "--json"))["checks"] if check["check"] == "passwords"]
    assert said["ok"]
    for list_named in ("30,000", "1 passwords of", ranges.url.rstrip("/")):
        assert list_named in said["detail"]
    ranges.stop()
    assert "AUTH_PASSWORD_HIBP_URL" in broken(run)["passwords"]


def test_a_service_without_any_list_says_so(make_service: Make, sqlite_url: str) -> None:
    report = printed(runner(make_service(sqlite_url, password_breach_check="off"))("doctor", "--json"))
    assert {"check": "passwords", "ok": True, "detail": "no list is asked"} in report["checks"]
