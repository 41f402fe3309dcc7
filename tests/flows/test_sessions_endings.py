"""When sessions end: by time, by a changed password, by staff, by the reader on another device."""

import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from service.core.values import new_id
from service.store.schema import AuditRow, UserRow
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    change,
    code_of,
    is_in,
    join,
    letters_to,
    log_in,
    secret_of,
    sessions_in_store,
    signed_in,
    thief_of,
    token_in,
)


@pytest.mark.case("SES-06")
@pytest.mark.parametrize(
    ("remember", "lives", "over"),
    [
        pytest.param(
            False, {"hours": 11, "minutes": 59}, {"hours": 12, "seconds": 1}, id="not-kept-12-hours"
        ),
        pytest.param(True, {"days": 13, "hours": 23}, {"days": 14, "seconds": 1}, id="kept-idle-14-days"),
    ],
)
def test_an_unused_session_ends_by_the_server_s_clock(clock, service, remember, lives, over):
    join(service)
    first, second = (thief_of(service, signed_in(service, remember=remember)) for _ in range(2))
    clock.advance(**lives)
    assert is_in(first)
    clock.ahead = type(clock.ahead)(**over)
    assert not is_in(second)


@pytest.mark.case("SES-06")
@pytest.mark.parametrize(("remember", "hours"), [(False, 12), (True, 90 * 24)])
def test_a_session_in_use_ends_at_its_absolute_end(clock, service, remember, hours):
    join(service)
    copy = thief_of(service, signed_in(service, remember=remember))
    for _ in range(9):
        clock.advance(hours=hours / 10)
        assert is_in(copy)
    clock.advance(hours=hours / 10, seconds=5)
    assert not is_in(copy)


@pytest.mark.case("SES-06")
def test_short_lifetimes_from_the_settings_hold_with_real_seconds(make_service, sqlite_url):
    service = make_service(sqlite_url, session_idle=1, session_absolute=2)
    join(service)
    used, unused = (thief_of(service, signed_in(service, remember=True)) for _ in range(2))
    begun = time.monotonic()
    while time.monotonic() - begun < 1.4:
        assert is_in(used)
        time.sleep(0.2)
    assert not is_in(unused)
    time.sleep(max(0, begun + 2.1 - time.monotonic()))
    assert not is_in(used)


@pytest.mark.case("SES-06")
@pytest.mark.parametrize(("remember", "kept_for"), [(True, "Max-Age=7776000"), (False, None)])
def test_the_cookie_outlives_the_browser_only_when_asked_to(service, remember, kept_for):
    join(service)
    cookie = log_in(service.client(), remember=remember).headers["Set-Cookie"]
    assert (kept_for in cookie) if kept_for else ("Max-Age" not in cookie and "Expires" not in cookie)


@pytest.mark.case("SES-05", "SES-01")
@pytest.mark.parametrize("by_page", [False, True])
def test_a_changed_password_ends_every_copied_cookie(service, by_page):
    join(service)
    here, elsewhere = signed_in(service), signed_in(service, remember=True)
    copies = [thief_of(service, here), thief_of(service, elsewhere)]
    if by_page:
        done = here.form("/account/password", current_password=PASSWORD, new_password=OTHER_PASSWORD)
        assert done.status_code == 303
    else:
        body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        assert here.post("/api/v1/password/change", body).status_code == 200
    assert is_in(here)
    assert [is_in(copy) for copy in copies] == [False, False]
    assert sessions_in_store(service) == 1
    assert log_in(service.client()).status_code == 401
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 200


@pytest.mark.case("SES-05")
def test_a_reset_ends_every_session_the_resetting_browser_s_too(service):
    join(service)
    here, elsewhere = signed_in(service), signed_in(service, remember=True)
    here.post("/api/v1/password/forgot", {"email": ADDRESS})
    token = token_in(letters_to(service)[-1], "/reset-password")
    done = here.post("/api/v1/password/reset", {"token": token, "password": OTHER_PASSWORD})
    assert done.status_code == 200
    assert not is_in(here)
    assert not is_in(elsewhere)
    assert sessions_in_store(service) == 0


@pytest.mark.case("SES-05", "SES-09")
@pytest.mark.parametrize("command", ["disable", "password-reset"])
def test_staff_end_a_reader_s_sessions_and_nobody_else_s(service, command):
    user = join(service)
    join(service, "other@example.org")
    devices, other = [signed_in(service) for _ in range(2)], signed_in(service, "other@example.org")
    with service.app.app_context():
        done = service.app.test_cli_runner().invoke(args=["users", command, str(user.id)])
    assert done.exit_code == 0, done.output
    assert [is_in(device) for device in devices] == [False, False]
    assert is_in(other)


@pytest.mark.case("SES-05")
def test_opening_an_account_again_does_not_open_its_old_sessions(service):
    user = join(service)
    browser = signed_in(service)
    service.parts.flows.accounts.disable(user.id, STAFF)
    service.parts.flows.accounts.enable(user.id, STAFF)
    assert not is_in(browser)
    assert log_in(browser).status_code == 200


def listed(browser):
    answer = browser.get("/api/v1/sessions")
    assert answer.status_code == 200
    return answer.json


@pytest.mark.case("SES-08")
def test_a_reader_ends_another_of_their_devices(service):
    join(service)
    here, lost = signed_in(service), signed_in(service)
    (other,) = [session["id"] for session in listed(here) if not session["current"]]
    assert here.delete(f"/api/v1/sessions/{other}").status_code == 204
    assert not is_in(lost)
    assert is_in(here)
    assert here.delete(f"/api/v1/sessions/{other}").status_code == 404


@pytest.mark.case("SES-08")
def test_other_people_s_sessions_do_not_exist_for_a_reader(service):
    join(service)
    join(service, "mallory@example.org")
    victim, mallory = signed_in(service), signed_in(service, "mallory@example.org")
    theirs = listed(victim)[0]["id"]
    assert theirs not in {session["id"] for session in listed(mallory)}
    answers = [mallory.delete(f"/api/v1/sessions/{name}") for name in (theirs, new_id(), "1", "%00", "..")]
    assert [(answer.status_code, code_of(answer)) for answer in answers] == [(404, "not_found")] * 5
    page = mallory.get("/account/devices")
    csrf = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert csrf
    posted = mallory.post(f"/account/devices/{theirs}/end", data={"csrf_token": csrf})
    assert posted.status_code == 404
    assert is_in(victim)


@pytest.mark.case("SES-08")
@pytest.mark.parametrize("by_page", [False, True])
def test_sign_out_everywhere_else_leaves_this_browser_alone_and_no_copy_of_it(service, by_page):
    join(service)
    here, others = signed_in(service), [signed_in(service, remember=True) for _ in range(3)]
    copy = thief_of(service, here)
    if by_page:
        csrf = here.get("/account/devices").text.partition('name="csrf_token" value="')[2].partition('"')[0]
        assert here.post("/account/devices/end-others", data={"csrf_token": csrf}).status_code == 303
    else:
        assert here.delete("/api/v1/sessions").status_code == 204
    assert is_in(here)
    assert [is_in(browser) for browser in (*others, copy)] == [False] * 4
    assert [session["current"] for session in listed(here)] == [True]


@pytest.mark.case("SES-08")
@pytest.mark.parametrize(
    "call", [("GET", ""), ("DELETE", ""), ("DELETE", "/019f0000-0000-7000-8000-000000000000")]
)
def test_sessions_are_shown_to_and_ended_by_signed_in_readers_only(service, call):
    method, path = call
    answer = service.client().request(method, f"/api/v1/sessions{path}")
    assert (answer.status_code, code_of(answer)) == (401, "unauthenticated")


@pytest.mark.case("SES-17")
def test_there_is_no_limit_of_devices_and_each_is_listed_once(service):
    join(service)
    devices = [signed_in(service) for _ in range(15)]
    assert all(is_in(device) for device in devices)
    sessions = listed(devices[0])
    assert len({session["id"] for session in sessions}) == len(sessions) == 15
    assert [session["current"] for session in sessions].count(True) == 1


@pytest.mark.case("SES-18")
@pytest.mark.parametrize(
    ("minutes", "expected"), [(14, (200, None)), (16, (401, "reauthentication_required"))]
)
def test_a_first_password_needs_a_sign_in_of_the_last_15_minutes(clock, service, minutes, expected):
    user = join(service)
    browser = signed_in(service)
    change(service, update(UserRow).where(UserRow.id == user.id).values(password_hash=None))
    clock.advance(minutes=minutes)
    answer = browser.post("/api/v1/password/change", {"new_password": OTHER_PASSWORD})
    assert (answer.status_code, answer.json.get("code")) == expected
    assert secret_of(browser)
    assert is_in(browser)


@pytest.mark.case("SES-18")
@pytest.mark.parametrize("current", [None, "", OTHER_PASSWORD, PASSWORD.upper()])
def test_a_session_alone_changes_no_password(service, current):
    join(service)
    browser = signed_in(service)
    answer = browser.post(
        "/api/v1/password/change", {"current_password": current, "new_password": OTHER_PASSWORD}
    )
    assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")
    assert log_in(service.client()).status_code == 200


def test_what_a_reader_ends_stands_in_the_audit_trail_with_who_when_and_from_where(service):
    join(service)
    elsewhere, leaving, here = (signed_in(service) for _ in range(3))
    ids = {browser: browser.get("/api/v1/session").json["session"]["id"] for browser in (elsewhere, leaving)}
    reader = here.get("/api/v1/session").json["user"]["id"]
    begun = datetime.now(UTC)
    assert here.request("DELETE", f"/api/v1/sessions/{ids[elsewhere]}").status_code == 204
    assert leaving.post("/api/v1/logout").status_code == 204
    assert here.request("DELETE", "/api/v1/sessions").status_code == 204
    ended = select(AuditRow).where(AuditRow.at >= begun).order_by(AuditRow.at, AuditRow.id)
    with service.parts.store.engine.connect() as connection:
        told = connection.execute(ended).all()
    assert [(event.kind, event.data) for event in told] == [
        ("session.revoked", {"session": ids[elsewhere]}),
        ("session.ended", {"session": ids[leaving]}),
        ("session.revoked_others", {}),
    ]
    assert {str(event.user_id) for event in told} == {reader}
    assert {event.ip for event in told} == {"127.0.0.1"}
    assert all(event.at <= datetime.now(UTC) for event in told)


def test_signing_out_without_a_live_session_leaves_no_trace(service):
    join(service)
    browser = signed_in(service)
    copy = thief_of(service, browser)
    assert browser.post("/api/v1/logout").status_code == 204
    with service.parts.store.engine.connect() as connection:
        before = connection.execute(select(func.count()).select_from(AuditRow)).scalar_one()
        assert copy.post("/api/v1/logout").status_code == 204
        after = connection.execute(select(func.count()).select_from(AuditRow)).scalar_one()
    assert after == before
