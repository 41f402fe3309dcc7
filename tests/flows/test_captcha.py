"""A captcha before sign-up, forgotten password, sign-in link and sign-in: one rule, whichever door is taken."""

import json
import time

import pytest

from service.store.schema import OutboxTable
from tests.flows.people import ADDRESS, OTHER_PASSWORD, PASSWORD, code_of, count_of, join
from tests.flows.test_enumeration import seen
from tests.support.altcha_widget import solve

EVERYWHERE = "signup,forgot,login"
# path of the API, path of the page, the place, further fields, and the statuses of success
DOORS = {
    "sign-up": ("/api/v1/signup", "/signup", "signup", {"password": PASSWORD}, (202, 200)),
    "reset": ("/api/v1/password/forgot", "/forgot-password", "forgot", {}, (202, 200)),
    "sign-in link": ("/api/v1/login/link", "/login/link", "forgot", {}, (202, 200)),
    "sign-in": ("/api/v1/login", "/login", "login", {"password": PASSWORD}, (200, 303)),
}
FIELD = "cf-turnstile-response"


@pytest.fixture
def vendor(make_captcha_vendor):
    return make_captcha_vendor("turnstile")


@pytest.fixture
def guarded(make_service, sqlite_url, vendor):
    """A service that asks everywhere; a reader has an account."""
    service = make_service(sqlite_url, **vendor.settings, captcha_on=EVERYWHERE)
    join(service)
    return service


def knock(service, door, token=None, email=ADDRESS, ip="192.0.2.7", **others):
    """Come to a door of the API, with other fields if need be."""
    path, _, _, more, _ = DOORS[door]
    answer = {"captcha": token} if token is not None else {}
    fields = {"email": email} | more | others | answer
    return service.client().post(path, fields, environ_overrides={"REMOTE_ADDR": ip})


def told(answer):
    return answer.status_code, code_of(answer)


@pytest.mark.case("CAP-01", "CAP-06")
def test_no_door_opens_without_an_answer_and_none_is_asked_elsewhere(guarded, vendor):
    for door, (path, page, _, more, _) in DOORS.items():
        for missing in (None, ""):
            assert told(knock(guarded, door, missing)) == (400, "captcha_required"), door
        for wrong in ("x", "x" * 2048, "\u2603"):
            assert told(knock(guarded, door, wrong)) == (400, "captcha_failed"), door
        assert guarded.client().form(page, email=ADDRESS, **more).status_code == 400
        assert guarded.client().form(page, email=ADDRESS, **more, captcha="x").status_code == 400
        assert guarded.client().form(page, email=ADDRESS, **more, **{FIELD: "x"}).status_code == 400
        fields = {"email": ADDRESS, **more}
        assert guarded.client().request("POST", path, data=fields).status_code == 415
        for method in ("GET", "PUT", "PATCH"):
            assert guarded.client().request(method, path).status_code == 405
        for other in (f"{path}/", path.replace("v1", "v2"), path.upper(), f"/{path}"):
            assert guarded.client().post(other, fields).status_code in (404, 405)
    assert count_of(guarded, OutboxTable) == 0


@pytest.mark.case("CAP-01")
def test_an_answer_no_vendor_gives_is_never_asked_about(guarded, vendor):
    for token in ("x" * 2049, "x" * 60_000, "x\n", "é", "a\u200b"):
        for door in DOORS:
            assert told(knock(guarded, door, token)) == (400, "captcha_failed")
    assert vendor.requests == []


def test_every_door_opens_to_a_right_answer(guarded, vendor):
    for door, (_, page, place, more, (by_api, by_page)) in DOORS.items():
        assert knock(guarded, door, vendor.solve(place)).status_code == by_api, door
        answer = {FIELD: vendor.solve(place)}
        assert guarded.client().form(page, email=ADDRESS, **more, **answer).status_code == by_page, door


@pytest.mark.case("CAP-03")
def test_an_answer_given_at_one_door_opens_no_other(guarded, vendor):
    for door, (_, _, place, _, _) in DOORS.items():
        for other in {"signup", "forgot", "login"} - {place}:
            assert told(knock(guarded, door, vendor.solve(other))) == (400, "captcha_failed")
        foreign = vendor.solve(place, hostname="evil.example")
        assert told(knock(guarded, door, foreign)) == (400, "captcha_failed")


@pytest.mark.case("CAP-02")
def test_an_answer_counts_once_whatever_the_vendor_says_and_in_every_process(make_service, database, vendor):
    vendor.forgetful = True
    one, another = (make_service(database, **vendor.settings) for _ in range(2))
    token = vendor.solve("forgot")
    assert knock(one, "reset", token).status_code == 202
    for service, door in ((one, "reset"), (another, "reset"), (another, "sign-in link")):
        assert told(knock(service, door, token)) == (400, "captcha_failed")
    assert count_of(one, OutboxTable) == 1


@pytest.mark.case("CAP-02")
def test_a_task_of_ours_counts_once_too(make_service, database, monkeypatch):
    monkeypatch.setattr("service.adapters.captcha.altcha.COST", 1)
    service = make_service(database, captcha="altcha")
    task = service.client().get("/api/v1/captcha/challenge")
    assert task.headers["Cache-Control"] == "no-store"
    token = solve(task.json)
    assert knock(service, "sign-up", token).status_code == 202
    assert told(knock(service, "sign-up", token)) == (400, "captcha_failed")


def test_a_field_that_is_wrong_is_told_before_the_answer_is_used_up(guarded, vendor):
    token = vendor.solve()
    assert told(knock(guarded, "sign-up", token, email="nobody")) == (422, "validation_failed")
    assert knock(guarded, "sign-up", token).status_code == 202


@pytest.mark.case("ENU-13")
def test_what_is_asked_does_not_depend_on_who_has_an_account(guarded, vendor):
    known, unknown = ADDRESS, "nobody@example.org"
    for door, (_, page, place, more, _) in DOORS.items():
        wrong = more | ({"password": OTHER_PASSWORD} if door == "sign-in" else {})
        for token in (lambda: None, lambda: "x", lambda place=place: vendor.solve(place)):
            answers = [seen(knock(guarded, door, token(), email, **wrong)) for email in (known, unknown)]
            assert answers[0] == answers[1], door
        pages = [guarded.client().form(page, email=email, **wrong) for email in (known, unknown)]
        assert ["cf-turnstile" in answer.text for answer in pages] == [True, True]


@pytest.mark.case("ENU-13", "LOG-01")
def test_under_suspicion_a_place_asks_whom_it_suspects_and_shows_them_the_captcha(
    make_service, sqlite_url, vendor
):
    service = make_service(sqlite_url, **vendor.settings, captcha_on="login:suspicion", rate_limit_scale=1)
    join(service)
    for email, ip in ((ADDRESS, "198.51.100.1"), ("nobody@example.org", "198.51.100.2")):
        from_there = {"environ_overrides": {"REMOTE_ADDR": ip}}
        assert "cf-turnstile" not in service.client().get("/login", **from_there).text
        guesses = [
            told(knock(service, "sign-in", None, email, ip, password=OTHER_PASSWORD)) for _ in range(5)
        ]
        assert guesses == [(401, "invalid_credentials")] * 3 + [(400, "captcha_required")] * 2
        assert "cf-turnstile" in service.client().get("/login", **from_there).text
        elsewhere = service.client().form("/login", email=email, password=OTHER_PASSWORD)
        assert (elsewhere.status_code, "cf-turnstile" in elsewhere.text) == (400, True)
    assert "cf-turnstile" not in service.client().get("/login").text
    assert knock(service, "sign-in", vendor.solve("login")).status_code == 200
    assert knock(service, "sign-up").status_code == 202


@pytest.mark.case("CAP-04", "FLT-30")
def test_a_vendor_that_is_away_closes_the_sign_up_and_narrows_the_rest(make_service, sqlite_url, vendor):
    service = make_service(sqlite_url, **vendor.settings, captcha_on=EVERYWHERE, rate_limit_scale=1)
    join(service)
    vendor.stop()
    closed = knock(service, "sign-up", "x")
    assert told(closed) == (503, "unavailable")
    assert int(closed.headers["Retry-After"]) >= 1
    opened = [knock(service, door, "x").status_code for door in ("reset", "sign-in link", "sign-in") * 2]
    assert opened == [202, 202, 200, 202, 202, 429]
    assert knock(service, "reset", "x", ip="198.51.100.9").status_code == 202
    assert told(knock(service, "reset")) == (400, "captcha_required")
    vendor.start()
    assert knock(service, "sign-in", vendor.solve("login")).status_code == 200
    assert knock(service, "sign-up", vendor.solve()).status_code == 202


@pytest.mark.case("CAP-04")
def test_a_place_is_open_or_closed_as_its_operator_says(make_service, sqlite_url, vendor, capsys):
    policy = "signup=open,forgot=closed"
    service = make_service(sqlite_url, **vendor.settings, captcha_failure=policy)
    vendor.fault("siteverify", body="<html>", content_type="text/html")
    assert knock(service, "sign-up", "x").status_code == 202
    assert told(knock(service, "reset", "x")) == (503, "unavailable")
    said = capsys.readouterr().err
    lines = [json.loads(line) for line in said.splitlines()]
    away = [(line["place"], line["policy"]) for line in lines if line["event"] == "captcha_verifier_away"]
    assert away == [("signup", "open"), ("forgot", "closed")]
    assert vendor.secret not in said


@pytest.mark.case("CAP-04")
def test_nobody_waits_for_a_vendor_that_says_nothing(guarded, vendor):
    vendor.fault("siteverify", delay=30)
    begun = time.monotonic()
    assert knock(guarded, "sign-up", "x").status_code == 503
    assert time.monotonic() - begun < 4


def test_looking_at_answers_is_throttled_by_client(make_service, sqlite_url, vendor):
    service = make_service(
        sqlite_url, **vendor.settings, rate_limit_scale=1, rate_limits="captcha_per_client=3/minute"
    )
    answers = [knock(service, "reset", "x").status_code for _ in range(5)]
    assert answers == [400, 400, 400, 429, 429]
    assert len(vendor.requests) == 3


def test_a_place_that_is_not_named_asks_nobody(make_service, sqlite_url, vendor):
    service = make_service(sqlite_url, **vendor.settings)
    join(service)
    assert knock(service, "sign-in").status_code == 200
    assert knock(service, "reset").status_code == 400
    assert "cf-turnstile" not in service.client().get("/login").text


def test_tasks_are_handed_out_where_they_are_ours_and_not_without_end(make_service, sqlite_url, vendor):
    path = "/api/v1/captcha/challenge"
    for elsewhere in (make_service(sqlite_url), make_service(sqlite_url, **vendor.settings)):
        assert elsewhere.client().get(path).status_code == 404
    service = make_service(
        sqlite_url, captcha="altcha", rate_limit_scale=1, rate_limits="challenge_per_client=2/minute"
    )
    tasks = [service.client().get(path) for _ in range(3)]
    assert [task.status_code for task in tasks] == [200, 200, 429]
    assert tasks[0].json["signature"] != tasks[1].json["signature"]
