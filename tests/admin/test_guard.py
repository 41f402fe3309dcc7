"""Who gets to the staff pages: every route below /admin, and every state a visitor may be in."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from pyotp import TOTP

from tests.admin.people import STAFF_ADDRESS, Staff, hire
from tests.flows.clock import MovableClock
from tests.support.people import ADDRESS, PASSWORD, VISIT, add_reader, signed_in
from tests.support.service import Client, Service

Make = Callable[..., Service]
AN_ID = "00000000-0000-7000-8000-000000000000"


def routes(service: Service) -> Iterator[tuple[str, str]]:
    """Every method and path below /admin that the application answers, and one it does not."""
    for rule in service.app.url_map.iter_rules():
        if rule.rule == "/admin" or rule.rule.startswith("/admin/"):
            path = re.sub(r"<[^>]+>", AN_ID, rule.rule)
            yield from ((method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"})
    yield "GET", "/admin/there/is/nothing"


def answers(service: Service, browser: Client) -> dict[tuple[str, str], tuple[int, str]]:
    """What a browser gets at each route: status, and the path a redirect leads to."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/forgot-password").text)
    assert token
    found = {}
    for method, path in routes(service):
        data = {"csrf_token": token[1]} if method == "POST" else None
        answer = browser.request(method, path, data=data)
        found[method, path] = answer.status_code, urlsplit(answer.headers.get("Location", "")).path
    return found


@pytest.fixture
def on_sqlite(clock: MovableClock, make_service: Make, sqlite_url: str) -> Service:
    return make_service(sqlite_url)


def test_the_list_of_routes_is_not_empty(on_sqlite: Service) -> None:
    assert len(list(routes(on_sqlite))) >= 20


@pytest.mark.case("ADM-01", "ADM-06")
def test_nobody_signs_in_first(on_sqlite: Service) -> None:
    assert set(answers(on_sqlite, on_sqlite.client()).values()) == {(303, "/login")}


@pytest.mark.case("ADM-01")
@pytest.mark.parametrize("roles", [[], ["editor"], ["Admin", "administrator", "admin:read"]])
def test_for_readers_there_is_nothing(on_sqlite: Service, roles: list[str]) -> None:
    add_reader(on_sqlite, roles=roles)
    assert set(answers(on_sqlite, signed_in(on_sqlite)).values()) == {(404, "")}


@pytest.mark.case("ADM-01")
@pytest.mark.parametrize("signed", [False, True])
def test_a_form_without_its_token_tells_readers_no_more_than_a_page_that_is_not_there(
    on_sqlite: Service, signed: bool
) -> None:
    add_reader(on_sqlite)
    browser = signed_in(on_sqlite) if signed else on_sqlite.client()
    found = {
        browser.request("POST", path).status_code for method, path in routes(on_sqlite) if method == "POST"
    }
    assert found == {404 if signed else 303}
    by_staff = hire(on_sqlite).browser
    assert {
        by_staff.request("POST", path).status_code for method, path in routes(on_sqlite) if method == "POST"
    } == {403}


@pytest.mark.case("ADM-06")
def test_staff_without_a_second_factor_are_led_to_setting_one_up(on_sqlite: Service) -> None:
    add_reader(on_sqlite, roles=["admin"])
    browser = signed_in(on_sqlite)
    assert set(answers(on_sqlite, browser).values()) == {(403, "")}
    page = browser.get("/admin").text
    assert 'href="/account/second-factor"' in page
    assert 'href="/account/passkeys"' in page


@pytest.mark.case("ADM-06")
def test_a_session_without_the_factor_opens_nothing(on_sqlite: Service) -> None:
    hire(on_sqlite)
    by_password = signed_in(on_sqlite, STAFF_ADDRESS)
    assert set(answers(on_sqlite, by_password).values()) == {(303, "/login")}
    again = urlsplit(by_password.get("/admin/audit?kind=user.viewed").headers["Location"])
    assert parse_qs(again.query) == {"again": ["1"], "next": ["/admin/audit?kind=user.viewed"]}


@pytest.mark.case("ADM-06")
def test_staff_with_the_factor_get_in(on_sqlite: Service) -> None:
    found = answers(on_sqlite, hire(on_sqlite).browser)
    assert found["GET", "/admin"] == (200, "")
    assert (303, "/login") not in found.values()
    assert not {status for status, _ in found.values()} & {401, 403, 500}


def test_an_authenticator_app_will_do(clock: MovableClock, service: Service) -> None:
    add_reader(service, roles=["admin"])
    browser = signed_in(service)
    app = browser.post("/api/v1/me/mfa/totp", {"current_password": PASSWORD}).json
    assert app
    totp = TOTP(app["secret"])
    assert browser.post("/api/v1/me/mfa/totp/confirm", {"code": totp.at(clock())}).status_code == 200
    assert "again=1" in browser.get("/admin").headers["Location"]  # this session began without it
    clock.advance(seconds=30)
    waiting = browser.post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD}).json
    assert waiting
    done = browser.post(
        "/api/v1/login/mfa",
        {"mfa_token": waiting["mfa_token"], "method": "totp", "code": totp.at(clock())},
    )
    assert done.status_code == 200, done.text
    assert browser.get("/admin").status_code == 200


@pytest.mark.case("ADM-06")
def test_after_half_an_hour_without_use_the_session_opens_nothing_any_more(
    clock: MovableClock, service: Service
) -> None:
    staff = hire(service)
    for _ in range(3):
        clock.advance(minutes=29)
        assert staff.get("/admin").status_code == 200
    clock.advance(minutes=31)
    assert staff.get("/account").status_code == 200
    for _ in range(2):  # being asked is no use of it
        again = staff.get("/admin")
        assert (again.status_code, again.headers["Location"]) == (303, "/login?again=1&next=%2Fadmin")
    staff.sign_in_again()
    assert staff.get("/admin").status_code == 200


def test_a_copy_of_an_older_cookie_is_no_younger(clock: MovableClock, service: Service) -> None:
    staff = hire(service)
    staff.get("/admin")
    forms = staff.browser.inner.get_cookie("masthead-forms")
    assert forms
    clock.advance(minutes=20)
    assert staff.get("/admin").status_code == 200
    clock.advance(minutes=20)
    staff.browser.inner.set_cookie("masthead-forms", forms.value)
    assert staff.get("/admin").status_code == 303


def test_the_last_use_of_another_session_does_not_count(clock: MovableClock, service: Service) -> None:
    staff = hire(service)
    clock.advance(minutes=25)
    staff.sign_in_again()
    other = service.client()
    session = staff.browser.inner.get_cookie("masthead")
    assert session
    other.inner.set_cookie("masthead", session.value)
    clock.advance(minutes=31)
    newer = Staff(service, staff.user, staff.passkey, service.client())
    newer.sign_in_again()
    newer.get("/admin")
    forms = newer.browser.inner.get_cookie("masthead-forms")
    assert forms
    other.inner.set_cookie("masthead-forms", forms.value)
    assert other.get("/admin").status_code == 303


@pytest.mark.case("ADM-06")
def test_after_eight_hours_staff_sign_in_again_however_busy(clock: MovableClock, service: Service) -> None:
    staff = hire(service)
    for _ in range(19):
        clock.advance(minutes=25)
        assert staff.get("/admin").status_code == 200
    clock.advance(minutes=6)
    assert staff.get("/admin").status_code == 303


@pytest.mark.case("ADM-06")
def test_a_change_asks_for_a_sign_in_of_the_last_quarter_of_an_hour(
    clock: MovableClock, service: Service
) -> None:
    staff, reader = hire(service), add_reader(service)
    page = f"/admin/users/{reader.id}"
    clock.advance(minutes=16)
    assert "sign in again first" in staff.get(page).text
    refused = staff.press(f"{page}/disable", on=page)
    assert refused.headers["Location"] == f"/login?again=1&next=%2Fadmin%2Fusers%2F{reader.id}"
    assert service.parts.flows.directory.user(reader.id).disabled is False
    staff.sign_in_again()
    assert "sign in again first" not in staff.get(page).text
    assert staff.press(f"{page}/disable", on=page).headers["Location"] == page
    assert service.parts.flows.directory.user(reader.id).disabled is True


def test_a_form_with_a_page_of_its_own_comes_back_with_its_query(
    clock: MovableClock, service: Service
) -> None:
    staff = hire(service)
    clock.advance(minutes=16)
    refused = staff.send("/admin/mail?address=reader%40example.org")
    query = parse_qs(urlsplit(refused.headers["Location"]).query)
    assert query["next"] == ["/admin/mail?address=reader%40example.org"]


@pytest.mark.case("WEB-01", "WEB-03")
def test_forms_need_their_token_and_their_origin(staff: Staff, service: Service) -> None:
    reader = add_reader(service)
    path = f"/admin/users/{reader.id}/disable"
    assert staff.browser.request("POST", path).status_code == 403
    page = staff.get(f"/admin/users/{reader.id}").text
    staff.browser.headers = {"Origin": "https://evil.example"}
    assert staff.send(path, page).status_code == 403
    staff.browser.headers = {}
    assert staff.send(path, page).status_code == 403
    assert service.parts.flows.directory.user(reader.id).disabled is False


@pytest.mark.case("SES-07")
def test_who_loses_the_role_is_out_at_once(staff: Staff, service: Service) -> None:
    assert staff.get("/admin").status_code == 200
    service.parts.flows.accounts.change(staff.user.id, {"roles": []}, VISIT)
    assert staff.get("/admin").status_code == 404


@pytest.mark.case("ADM-09")
@pytest.mark.parametrize("path", ["/admin/users/{}", "/admin/users/{}/second-factor"])
@pytest.mark.parametrize("made_up", ["x", AN_ID, "..", "%00", "1;--", AN_ID[:-1]])
def test_an_account_that_is_not_there_is_a_404(staff: Staff, path: str, made_up: str) -> None:
    assert staff.get(path.format(made_up)).status_code == 404


@pytest.mark.case("ADM-09")
@pytest.mark.parametrize("made_up", ["x", AN_ID, "%00", "ü"])
@pytest.mark.parametrize(
    "path",
    [
        "/admin/users/{}/disable",
        "/admin/users/{}/enable",
        "/admin/users/{}/password-reset",
        "/admin/users/{}/sessions/end",
        "/admin/users/{}/second-factor",
        "/admin/clients/{}/disable",
        "/admin/webhooks/{}/disable",
        "/admin/webhooks/{}/enable",
        "/admin/webhooks/{}/replay",
    ],
)
def test_nothing_is_done_to_what_is_not_there(staff: Staff, path: str, made_up: str) -> None:
    assert staff.send(path.format(made_up), hours="1").status_code == 404


@pytest.mark.case("WEB-07", "WEB-08")
@pytest.mark.parametrize("path", ["/admin", "/admin/there/is/nothing", "/admin/audit?account=x"])
def test_pages_are_kept_nowhere_and_framed_by_nobody(staff: Staff, path: str) -> None:
    answer = staff.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Language"] == "en"


def test_pages_are_in_english_whatever_the_browser_speaks(staff: Staff) -> None:
    staff.browser.headers |= {"Accept-Language": "ar"}
    page = staff.get("/admin").text
    assert '<html lang="en" dir="ltr">' in page
    assert "Skip to content" in page
