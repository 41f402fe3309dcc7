"""What every captcha must do, whoever runs it: `Captcha` of core, over HTTP, against an honest vendor."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from service.adapters.captcha import CAPTCHAS, CaptchaSettings, open_captcha
from service.adapters.captcha.account import Account
from service.core.captcha import Captcha, Place, VerifierAway
from service.core.errors import CaptchaFailed
from service.core.values import Visit
from tests.support.altcha_widget import solve
from tests.support.captcha_vendor import KINDS, PROJECT, WITH_ACTION, WITH_SCORE, CaptchaVendor

VISIT = Visit("192.0.2.7", "a browser")
SECRETS = (b"newest-secret-of-the-service", b"an-older-secret-of-the-service")


@pytest.fixture(params=KINDS)
def vendor(
    request: pytest.FixtureRequest, make_captcha_vendor: Callable[[str], CaptchaVendor]
) -> CaptchaVendor:
    return make_captcha_vendor(request.param)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks of ALTCHA that take no time."""
    monkeypatch.setattr("service.adapters.captcha.altcha.COST", 1)


def opened(vendor: CaptchaVendor, **changes: object) -> Captcha:
    account = Account(vendor.site_key, vendor.secret, frozenset({"accounts.example.org", "localhost"}))
    told = CaptchaSettings(replace(account, **changes), PROJECT, vendor.address)
    return open_captcha(vendor.kind, told)


def altcha(*secrets: bytes) -> Captcha:
    return open_captcha("altcha", CaptchaSettings(Account("", "", frozenset()), secrets=secrets or SECRETS))


@pytest.fixture(params=[*KINDS, "altcha"])
def pair(
    request: pytest.FixtureRequest, make_captcha_vendor: Callable[[str], CaptchaVendor], cheap: None
) -> tuple[Captcha, Callable[[], str]]:
    """A captcha, and a reader who answers it for the sign-up."""
    if request.param == "altcha":
        own = altcha()
        return own, lambda: solve(dict(own.challenge() or {}))
    vendor = make_captcha_vendor(request.param)
    return opened(vendor), vendor.solve


def test_every_captcha_there_is_keeps_this_contract() -> None:
    assert set(CAPTCHAS) == {*KINDS, "altcha"}


def test_a_right_answer_passes_and_says_what_may_come_once(
    pair: tuple[Captcha, Callable[[], str]],
) -> None:
    captcha, answer = pair
    first, second = (captcha.verify(answer(), Place.SIGNUP, VISIT) for _ in range(2))
    assert first.key != second.key
    assert 60 <= first.lifetime.total_seconds() <= 3600
    captcha.check()


GARBAGE = ["x", "\x7f", "{}", "e30=", "bnVsbA==", "W10=", "a" * 2048, base64.b64encode(b"[" * 500).decode()]


@pytest.mark.case("CAP-01")
def test_an_invented_answer_is_refused(pair: tuple[Captcha, Callable[[], str]]) -> None:
    captcha, _ = pair
    for token in GARBAGE:
        with pytest.raises(CaptchaFailed):
            captcha.verify(token, Place.SIGNUP, VISIT)


def test_a_page_may_load_what_the_captcha_needs(pair: tuple[Captcha, Callable[[], str]]) -> None:
    widget = pair[0].widget
    assert all("unsafe" not in source for sources in widget.sources.values() for source in sources)
    if widget.script is None:
        assert widget.sources == {"worker-src": ("'self'",)}
    else:
        allowed = [source.replace("*.", "js.") for source in widget.sources["script-src"]]
        assert any(widget.script.startswith(source) for source in allowed)
        assert all(source.startswith("https://") for sources in widget.sources.values() for source in sources)


def test_a_vendor_is_told_what_its_protocol_asks_for(vendor: CaptchaVendor) -> None:
    opened(vendor).verify(vendor.solve(), Place.SIGNUP, VISIT)
    (asked,) = vendor.asked(vendor.endpoint)
    assert asked.method == "POST"
    assert "Cookie" not in asked.headers
    if vendor.endpoint == "siteverify":
        assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert asked.params["remoteip"] == VISIT.ip
    else:
        assert asked.headers["Content-Type"] == "application/json"


@pytest.mark.case("CAP-02")
def test_a_vendor_refuses_an_answer_that_is_used_or_late(vendor: CaptchaVendor) -> None:
    captcha = opened(vendor)
    used, late = vendor.solve(), vendor.solve()
    captcha.verify(used, Place.SIGNUP, VISIT)
    vendor.tickets[late].late = True
    for token in (used, late):
        with pytest.raises(CaptchaFailed):
            captcha.verify(token, Place.SIGNUP, VISIT)


@pytest.mark.case("CAP-03")
def test_an_answer_for_something_else_is_refused(vendor: CaptchaVendor) -> None:
    captcha = opened(vendor, min_score=0.7)
    captcha.verify(vendor.solve(hostname="Accounts.Example.ORG", score=0.7), Place.SIGNUP, VISIT)
    wrong = [vendor.solve(hostname=host) for host in ("evil.example", "evil.accounts.example.org")]
    if vendor.endpoint == "siteverify":
        wrong.append(vendor.solve(hostname=""))
    if vendor.kind in WITH_ACTION:
        wrong += [vendor.solve("login"), vendor.solve("")]
    if vendor.kind in WITH_SCORE:
        wrong.append(vendor.solve(score=0.69))
    for token in wrong:
        with pytest.raises(CaptchaFailed):
            captcha.verify(token, Place.SIGNUP, VISIT)


def test_keys_published_for_tests_are_answered_without_our_host(vendor: CaptchaVendor) -> None:
    if vendor.endpoint == "siteverify":
        practice = opened(vendor, practice=True)
        practice.verify(vendor.solve("", hostname="testkey.google.com", score=0), Place.SIGNUP, VISIT)


@pytest.mark.case("CAP-03")
def test_half_a_report_lets_nobody_pass(vendor: CaptchaVendor) -> None:
    captcha = opened(vendor)
    halves = ({}, {"success": "true"}, {"success": 1}, {"success": True}, {"tokenProperties": []})
    for report in halves:
        vendor.fault(vendor.endpoint, body=json.dumps(report))
        with pytest.raises(CaptchaFailed):
            captcha.verify(vendor.solve(), Place.SIGNUP, VISIT)
        vendor.heal()


@pytest.mark.case("CAP-04", "FLT-30")
def test_a_vendor_that_is_broken_or_away_is_told_from_a_wrong_answer(vendor: CaptchaVendor) -> None:
    captcha = opened(vendor)
    faults = [
        {"status": 500},
        {"body": "<html>maintenance</html>", "content_type": "text/html"},
        {"body": "{"},
        {"body": "[]"},
        {"body": "[" * 50_000},
        {"redirect": "/elsewhere"},
        {"huge": True},
        {"status": 429},
    ]
    for fault in faults:
        vendor.fault(vendor.endpoint, **fault)
        with pytest.raises(VerifierAway):
            captcha.verify(vendor.solve(), Place.SIGNUP, VISIT)
        vendor.heal()
    assert vendor.asked("elsewhere") == []
    vendor.stop()
    with pytest.raises(VerifierAway):
        captcha.verify(vendor.solve(), Place.SIGNUP, VISIT)


@pytest.mark.case("CAP-04")
def test_nobody_waits_longer_than_three_seconds(make_captcha_vendor: Callable[[str], CaptchaVendor]) -> None:
    vendor = make_captcha_vendor("turnstile")
    captcha = opened(vendor)
    vendor.fault("siteverify", delay=30)
    begun = time.monotonic()
    with pytest.raises(VerifierAway):
        captcha.verify(vendor.solve(), Place.SIGNUP, VISIT)
    assert time.monotonic() - begun < 4


def test_a_secret_that_is_not_ours_is_our_fault_and_found_out(vendor: CaptchaVendor) -> None:
    captcha = opened(vendor, secret="another")
    with pytest.raises(VerifierAway):
        captcha.verify(vendor.solve(), Place.SIGNUP, VISIT)
    with pytest.raises(VerifierAway) as told:
        captcha.check()
    assert "another" not in str(told.value)


@pytest.mark.case("CAP-02")
def test_another_spelling_of_a_solution_is_the_same_answer(cheap: None) -> None:
    captcha = altcha()
    token = solve(dict(captcha.challenge() or {}))
    payload = json.loads(base64.b64decode(token))
    payload["solution"]["time"] = 12345
    other = base64.b64encode(json.dumps(payload, indent=1).encode()).decode()
    keys = {captcha.verify(spelt, Place.SIGNUP, VISIT).key for spelt in (token, other)}
    assert len(keys) == 1


@pytest.mark.case("CAP-03")
def test_a_task_that_was_changed_or_is_not_ours_is_refused(cheap: None) -> None:
    captcha = altcha()
    task = dict(captcha.challenge() or {})
    easier = {**task, "parameters": {**task["parameters"], "keyPrefix": ""}}
    longer = {**task, "parameters": {**task["parameters"], "expiresAt": 2**40}}
    unsigned = {"parameters": task["parameters"]}
    foreign = dict(altcha(b"somebody else's secret").challenge() or {})
    for wrong in (easier, longer, unsigned, foreign):
        with pytest.raises(CaptchaFailed):
            captcha.verify(solve(wrong), Place.SIGNUP, VISIT)


def test_a_task_that_is_late_is_refused(cheap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    captcha = altcha()
    token = solve(dict(captcha.challenge() or {}))
    now = time.time()
    monkeypatch.setattr("altcha.v2.time.time", lambda: now + 1201)
    with pytest.raises(CaptchaFailed):
        captcha.verify(token, Place.SIGNUP, VISIT)


@pytest.mark.case("SEC-03")
def test_a_task_outlives_a_change_of_keys(cheap: None) -> None:
    older, both, newer = altcha(SECRETS[1]), altcha(*SECRETS), altcha(SECRETS[0])
    token = solve(dict(older.challenge() or {}))
    assert both.verify(token, Place.SIGNUP, VISIT)
    with pytest.raises(CaptchaFailed):
        newer.verify(token, Place.SIGNUP, VISIT)
