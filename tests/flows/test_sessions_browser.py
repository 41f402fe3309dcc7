"""What the browser is told about sessions: cookie attributes, caching, and who may end one."""

import pytest

from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    code_of,
    is_in,
    join,
    letters_to,
    log_in,
    signed_in,
    token_in,
)


def cookies_of(*answers):
    """Every Set-Cookie as (name, set of lower-case attributes)."""
    for answer in answers:
        for header in answer.headers.getlist("Set-Cookie"):
            pair, *attributes = header.split("; ")
            yield pair.partition("=")[0], {attribute.lower() for attribute in attributes}


def every_answer_with_a_cookie(service):
    """Walk through all that sets or clears a cookie: sign-up, confirmation, sign-in, a page, sign-out."""
    browser = service.client()
    yield browser.post("/api/v1/signup", {"email": ADDRESS, "password": PASSWORD})
    token = token_in(letters_to(service)[-1], "/signup/confirm")
    yield browser.post("/api/v1/signup/confirm", {"token": token})
    yield log_in(browser, remember=True)
    yield browser.get("/account/password")
    yield browser.form("/account/password", current_password=PASSWORD, new_password=OTHER_PASSWORD)
    yield browser.post("/api/v1/logout")
    join(service, "unproven@example.org", verified=False)
    yield log_in(browser, "unproven@example.org")
    yield browser.form("/login", email=ADDRESS, password=OTHER_PASSWORD)
    yield browser.form("/logout")


@pytest.mark.case("SES-02")
@pytest.mark.parametrize("public_url", ["https://accounts.example.org", "http://localhost:8000"])
def test_every_cookie_is_for_this_host_and_no_script(make_service, database, public_url):
    service = make_service(database, public_url=public_url)
    seen = list(cookies_of(*every_answer_with_a_cookie(service)))
    secure = public_url.startswith("https:")
    prefix = "__Host-" if secure else ""
    parts = ("", "-device", "-forms", "-signup")
    assert {name for name, _ in seen} == {f"{prefix}masthead{part}" for part in parts}
    for name, attributes in seen:
        assert {"httponly", "path=/", "samesite=lax"} <= attributes, name
        assert ("secure" in attributes) is secure, name
        assert not [a for a in attributes if a.startswith("domain")], name


ABOUT_THE_SESSION = [
    ("GET", "/api/v1/session"),
    ("GET", "/api/v1/sessions"),
    ("GET", "/"),
    ("GET", "/login"),
    ("GET", "/logout"),
    ("GET", "/signup"),
    ("GET", "/forgot-password"),
    ("GET", "/reset-password"),
    ("GET", "/signup/confirm"),
    ("GET", "/account"),
    ("GET", "/account/devices"),
    ("GET", "/account/password"),
    ("POST", "/api/v1/logout"),
]


@pytest.mark.case("SES-14", "WEB-10")
@pytest.mark.parametrize(("method", "path"), ABOUT_THE_SESSION)
@pytest.mark.parametrize("whose", ["gate", "flask", "nobody"])
def test_no_cache_keeps_what_depends_on_a_session(make_service, sqlite_url, method, path, whose):
    service = make_service(sqlite_url)
    join(service)
    browser = service.client() if whose == "nobody" else signed_in(service)
    headers = {"Origin": None} if whose == "gate" and method == "GET" else {}
    answer = browser.request(method, path, headers=headers)
    assert answer.status_code < 500
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in [name.strip() for name in answer.headers["Vary"].split(",")]


@pytest.mark.case("SES-14")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/login", {"email": ADDRESS, "password": PASSWORD}),
        ("/api/v1/signup", {"email": "new@example.org", "password": OTHER_PASSWORD}),
    ],
)
def test_no_cache_keeps_an_answer_that_sets_a_cookie(service, path, body):
    join(service)
    answer = service.client().post(path, body)
    assert answer.headers["Set-Cookie"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]


FOREIGN = {
    "other site": {"Origin": "https://evil.example"},
    "null": {"Origin": "null"},
    "sibling": {"Origin": "http://localhost:8001"},
    "look-alike": {"Origin": "http://localhost:8000.evil.example"},
    "fetch metadata": {"Origin": None, "Sec-Fetch-Site": "cross-site"},
    "same site": {"Origin": None, "Sec-Fetch-Site": "same-site"},
}


@pytest.mark.case("SES-15", "WEB-03")
@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/logout"),
        ("DELETE", "/api/v1/sessions"),
        ("POST", "/logout"),
        ("POST", "/account/devices/end-others"),
    ],
)
def test_another_site_s_page_ends_no_session(make_service, sqlite_url, method, path, headers):
    service = make_service(sqlite_url)
    join(service)
    browser, elsewhere = signed_in(service), signed_in(service)
    refused = browser.request(method, path, headers=headers)
    assert refused.status_code == 403
    assert not refused.headers.getlist("Set-Cookie") or path == "/logout"
    if path.startswith("/api"):
        assert code_of(refused) == "cross_origin_refused"
    assert is_in(browser)
    assert is_in(elsewhere)


@pytest.mark.case("SES-15", "WEB-03")
@pytest.mark.parametrize("path", ["/api/v1/logout", "/api/v1/sessions"])
def test_a_cookie_without_a_word_about_the_page_ends_no_session(service, path):
    join(service)
    browser = signed_in(service)
    method = "POST" if path.endswith("logout") else "DELETE"
    refused = browser.request(method, path, headers={"Origin": None})
    assert (refused.status_code, code_of(refused)) == (403, "cross_origin_refused")
    assert is_in(browser)


@pytest.mark.case("SES-15", "WEB-01")
@pytest.mark.parametrize("path", ["/logout", "/account/devices/end-others"])
def test_a_form_without_its_token_ends_no_session(service, path):
    join(service)
    browser, elsewhere = signed_in(service), signed_in(service)
    assert browser.post(path).status_code == 403
    assert browser.post(path, data={"csrf_token": "made-up"}).status_code == 403
    assert is_in(browser)
    assert is_in(elsewhere)


@pytest.mark.case("SES-15", "WEB-05")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_sign_out_signs_nobody_out(service, method):
    join(service)
    browser = signed_in(service)
    assert browser.request(method, "/logout").status_code == 200
    assert browser.request(method, "/api/v1/logout").status_code == 405
    overriding = {"X-HTTP-Method-Override": "POST"}
    assert browser.request(method, "/logout?_method=POST", headers=overriding).status_code == 200
    assert is_in(browser)
