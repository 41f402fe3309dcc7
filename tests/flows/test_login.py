"""Signing in: the whole password counts, nothing else opens, and the reader goes where they wanted."""

import logging
from urllib.parse import urlsplit

import pytest

from service.store.schema import SessionRow
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    code_of,
    count_of,
    is_in,
    join,
    letters_to,
    log_in,
    problems_of,
    secret_of,
    signed_in,
    token_in,
    user_row,
)
from tests.flows.test_signup import confirm, sign_up


@pytest.mark.case("LOG-12")
@pytest.mark.parametrize("length", [72, 73, 100, 128, 255])
def test_every_character_of_a_long_password_counts(service, length):
    stem = ("sepia lantern forty-two, quiet harbour at noon, " * 6)[:length]
    join(service, password=stem + "A")
    assert log_in(service.client(), password=stem + "B").status_code == 401
    assert log_in(service.client(), password=stem).status_code == 401
    assert log_in(service.client(), password=stem + "A").status_code == 200


@pytest.mark.case("LOG-13")
@pytest.mark.parametrize(
    ("chosen", "typed", "status"),
    [
        pytest.param(
            "crème brûlée à midi", "cre\u0300me bru\u0302le\u0301e a\u0300 midi", 200, id="composed"
        ),
        pytest.param(
            "cre\u0300me bru\u0302le\u0301e a\u0300 midi", "crème brûlée à midi", 200, id="decomposed"
        ),
        pytest.param("a \ufb01ne sepia lantern", "a fine sepia lantern", 401, id="ligature"),
        pytest.param("sepia lantern \uff14\uff12", "sepia lantern 42", 401, id="full-width"),
        pytest.param("stra\u00dfe sepia lantern", "strasse sepia lantern", 401, id="sharp-s"),
        pytest.param(PASSWORD, PASSWORD.upper(), 401, id="case"),
    ],
)
def test_passwords_are_equal_when_unicode_says_so_canonically_and_only_then(service, chosen, typed, status):
    join(service, password=chosen)
    assert log_in(service.client(), password=typed).status_code == status
    assert log_in(service.client(), password=chosen).status_code == 200


VERBATIM = {
    "spaces around": "  sepia lantern  ",
    "spaces inside": "sepia   lantern   noon",
    "tabs and newline": "\tsepia\nlantern\t",
    "emoji": "🦊🌵🎈🧭🪁🍋🚲🎻",
    "64 characters": "quiet harbour at noon, nine green umbrellas, sepia lantern, 42 cu",
    "Chinese": "海边小屋的灯塔照亮夜晚的船只吗",
    "256 characters": "quiet harbour at noon, nine umbrellas! " * 6 + "and a sepia lantern 42",
    "quotes": "'; DROP TABLE users; --\"\\ harbour",
    "percent": "%00%20sepia+lantern&x=y",
}


@pytest.mark.case("LOG-14")
@pytest.mark.parametrize("password", VERBATIM.values(), ids=VERBATIM)
@pytest.mark.parametrize("by_page", [False, True])
def test_a_password_is_taken_as_it_was_typed(make_service, sqlite_url, password, by_page):
    service = make_service(sqlite_url)
    browser = service.client()
    if by_page:
        assert browser.form("/signup", email=ADDRESS, password=password).status_code == 200
    else:
        assert sign_up(browser, password=password).status_code == 202
    assert confirm(browser, token_in(letters_to(service)[-1], "/signup/confirm")).status_code == 201
    assert log_in(service.client(), password=password).status_code == 200
    # browsers send a form's line ends as CR LF; the API's sign-in above is the verbatim one
    if "\n" not in password:
        assert service.client().form("/login", email=ADDRESS, password=password).status_code == 303
    for other in {password.strip(), " ".join(password.split()), password.swapcase()} - {password}:
        assert log_in(service.client(), password=other).status_code == 401


@pytest.mark.case("LOG-14")
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("🦊🌵🎈🧭🪁🍋🚲", "password_too_short"),
        ("海边小屋灯塔船", "password_too_short"),
        ("x" * 257, "password_too_long"),
    ],
)
def test_length_is_counted_in_characters_not_bytes(make_service, sqlite_url, password, code):
    answer = sign_up(make_service(sqlite_url).client(), password=password)
    assert problems_of(answer) == {"password": code}


@pytest.mark.case("LOG-15")
@pytest.mark.parametrize("tail", ["\0", "\0anything", "\0" * 5])
def test_a_nul_cuts_no_password_short(service, tail):
    join(service)
    for typed in (PASSWORD + tail, "\0" + PASSWORD, PASSWORD[:5] + "\0" + PASSWORD[5:]):
        answer = log_in(service.client(), password=typed)
        assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")
        page = service.client().form("/login", email=ADDRESS, password=typed)
        assert page.status_code == 401
    assert problems_of(sign_up(service.client(), "new@example.org", PASSWORD + tail)) == {
        "password": "invalid_text"
    }


@pytest.mark.case("LOG-15")
@pytest.mark.parametrize(
    "typed", [b'"\\ud800"', b'"' + b"a" * 60_000 + b'"', b'"' + b"e\\u0301" * 8_000 + b'"']
)
def test_a_password_nobody_can_have_is_just_wrong(service, typed):
    join(service)
    body = b'{"email": "%s", "password": %s}' % (ADDRESS.encode(), typed)
    answer = service.client().post("/api/v1/login", data=body, content_type="application/json")
    assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")


@pytest.mark.case("LOG-16")
@pytest.mark.parametrize("value", [["x"], [PASSWORD], {"a": 1}, True, 12345678, 1.5, None, []])
@pytest.mark.parametrize("field", ["email", "password"])
def test_a_credential_that_is_no_text_is_refused(make_service, sqlite_url, field, value):
    service = make_service(sqlite_url)
    join(service)
    body = {"email": ADDRESS, "password": PASSWORD} | {field: value}
    for path in ("/api/v1/login", "/api/v1/signup"):
        answer = service.client().post(path, body)
        assert problems_of(answer) == {field: "invalid_email" if field == "email" else "invalid_type"}
    assert count_of(service, SessionRow) == 0


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "\\\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "https://evil.example",
    "https://localhost:8000@evil.example/",
    "https://localhost:8000.evil.example/",
    "http://localhost:8001/",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "JavaScript://%0aalert(1)",
    "data:text/html,x",
    "/account\r\nSet-Cookie: masthead=x",
    "/account\u2028",
    "evil.example",
    "/" + "a" * 2_048,
]


@pytest.mark.case("LOG-17")
@pytest.mark.parametrize("next_page", ELSEWHERE)
def test_the_way_back_never_leads_elsewhere(make_service, sqlite_url, next_page):
    service = make_service(sqlite_url)
    join(service)
    browser = service.client()
    page = browser.get("/login", query_string={"next": next_page})
    csrf = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    fields = {"csrf_token": csrf, "email": ADDRESS, "password": PASSWORD, "next": next_page}
    done = browser.post("/login", data=fields)
    assert (done.status_code, done.headers["Location"]) == (303, "/account")
    again = browser.get("/login", query_string={"next": next_page})
    assert (again.status_code, again.headers["Location"]) == (303, "/account")
    out = browser.post("/logout", data={"next": next_page} | _csrf(browser, "/logout"))
    assert (out.status_code, out.headers["Location"]) == (303, "/login")


def _csrf(browser, path):
    return {"csrf_token": browser.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]}


@pytest.mark.case("LOG-17")
@pytest.mark.parametrize(
    "next_page",
    [
        "/account/devices",
        "/%2f%2fevil.example",
        "/%09/evil.example",
        "/a?b=//evil.example",
        "https://www.example.org/a",
    ],
)
def test_the_way_back_stays_on_the_site(make_service, sqlite_url, next_page):
    service = make_service(sqlite_url, allowed_origins="https://www.example.org")
    join(service)
    browser = service.client()
    fields = {"email": ADDRESS, "password": PASSWORD, "next": next_page} | _csrf(browser, "/login")
    location = browser.post("/login", data=fields).headers["Location"]
    assert location == next_page
    assert urlsplit(location).netloc in ("", "www.example.org")


@pytest.mark.case("LOG-18")
def test_credentials_in_an_address_sign_nobody_in_and_are_not_logged(make_service, database, caplog):
    service = make_service(database, log_level="DEBUG")
    join(service)
    caplog.set_level(logging.DEBUG)
    query = {"email": ADDRESS, "password": PASSWORD}
    browser = service.client()
    assert browser.get("/api/v1/login", query_string=query).status_code == 405
    assert browser.get("/login", query_string=query).status_code == 200
    assert PASSWORD not in browser.get("/login", query_string=query).text
    assert browser.post("/api/v1/login", query_string=query).status_code == 415
    empty = browser.post("/api/v1/login", {}, query_string=query)
    assert problems_of(empty) == {"email": "invalid_email", "password": "required"}
    assert browser.post("/login", data=_csrf(browser, "/login"), query_string=query).status_code == 422
    assert secret_of(browser) is None
    assert count_of(service, SessionRow) == 0
    assert PASSWORD not in caplog.text
    assert PASSWORD.replace(" ", "+") not in caplog.text


@pytest.mark.case("LOG-18", "SEC-06")
def test_the_server_s_own_log_holds_no_credentials(live, sqlite_url):
    web = live(sqlite_url, log_level="DEBUG")
    with web.client() as browser:
        for path in ("/login", "/api/v1/login", "/reset-password", "/signup/confirm"):
            browser.get(path, params={"email": ADDRESS, "password": "canary-one", "token": "canary-two"})
        browser.post("/api/v1/login", json={"email": ADDRESS, "password": "canary-three"})
    assert "canary" not in web.log()


@pytest.mark.case("LOG-21")
def test_an_old_hash_is_renewed_by_the_right_password_and_only_by_it(make_service, database):
    older = make_service(database, argon2_time_cost=1, argon2_memory_kib=64)
    join(older)
    device = signed_in(older)
    before = user_row(older)
    newer = make_service(database, argon2_time_cost=2, argon2_memory_kib=128)
    assert log_in(newer.client(), password=OTHER_PASSWORD).status_code == 401
    assert user_row(newer) == before
    assert log_in(newer.client()).status_code == 200
    after = user_row(newer)
    assert after["password_hash"].startswith("$argon2id$v=19$m=128,t=2,p=1$")
    assert after | {"password_hash": before["password_hash"]} == before
    assert is_in(device)
    assert log_in(newer.client()).status_code == 200
    assert user_row(newer) == after
