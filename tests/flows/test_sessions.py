"""Sessions: begun afresh, found by nothing but the cookie, and over when they are over."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import delete, update

from service.core.values import digest, new_secret
from service.store.schema import SessionRow, UserRow
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    SESSION,
    change,
    code_of,
    everything_stored,
    is_in,
    join,
    log_in,
    secret_of,
    sessions_in_store,
    signed_in,
    thief_of,
    with_cookies,
)
from tests.support.pages import hidden_fields


@pytest.mark.case("SES-01")
def test_a_planted_session_cookie_is_worth_nothing_after_signing_in(service):
    join(service)
    browser = service.client()
    planted = new_secret()
    browser.inner.set_cookie(SESSION, planted)
    assert log_in(browser).status_code == 200
    assert secret_of(browser) != planted
    assert not is_in(with_cookies(service, f"{SESSION}={planted}"))
    assert is_in(browser)


@pytest.mark.case("SES-01")
@pytest.mark.parametrize("by_page", [False, True])
def test_signing_in_again_gives_a_new_session_and_ends_the_browser_s_old_one(service, by_page):
    join(service)
    browser = signed_in(service)
    thief = thief_of(service, browser)
    if by_page:
        form = service.client().get("/login")
        browser.inner.set_cookie("masthead-forms", _cookie_in(form, "masthead-forms"))
        sent = hidden_fields(form.text) | {"email": ADDRESS, "password": PASSWORD}
        assert browser.post("/login", data=sent).status_code == 303
    else:
        assert log_in(browser).status_code == 200
    assert is_in(browser)
    assert not is_in(thief)
    assert sessions_in_store(service) == 1


def _cookie_in(answer, name):
    return next(
        header.split("=", 1)[1].split(";")[0]
        for header in answer.headers.getlist("Set-Cookie")
        if header.startswith(f"{name}=")
    )


@pytest.mark.case("SES-01")
def test_a_failed_sign_in_leaves_the_session_before_it_alone(service):
    join(service)
    browser = signed_in(service)
    before = secret_of(browser)
    assert log_in(browser, password=OTHER_PASSWORD).status_code == 401
    assert secret_of(browser) == before
    assert is_in(browser)


@pytest.mark.case("SES-03", "SES-04")
@pytest.mark.parametrize("remember", [False, True])
@pytest.mark.parametrize("by_page", [False, True])
def test_a_copied_cookie_dies_with_the_sign_out(service, remember, by_page):
    join(service)
    browser = signed_in(service, remember=remember)
    thief = thief_of(service, browser)
    assert is_in(thief)
    if by_page:
        assert browser.form("/logout").status_code == 303
    else:
        assert browser.post("/api/v1/logout").status_code == 204
    assert secret_of(browser) is None
    assert not is_in(thief)
    assert sessions_in_store(service) == 0


@pytest.mark.case("SES-03")
def test_signing_out_twice_is_no_error(service):
    assert service.client().post("/api/v1/logout").status_code == 204
    assert with_cookies(service, f"{SESSION}=long-gone").post("/api/v1/logout").status_code == 204


@pytest.mark.case("SES-10", "SEC-05")
def test_a_cookie_carries_256_random_bits_and_the_database_only_their_hash(service):
    join(service)
    secrets = {secret_of(signed_in(service, remember=True)) for _ in range(20)}
    assert len(secrets) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in secrets)
    columns = zip(*secrets, strict=True)
    assert all(len(set(column)) > 1 for column in list(columns)[:42]), "a character never changes"
    stored = everything_stored(service)
    assert not [secret for secret in secrets if secret in stored]
    assert all(repr(digest(secret)) in stored for secret in secrets)


@pytest.mark.case("SES-11")
def test_a_session_is_taken_from_the_cookie_only(service):
    join(service)
    browser = signed_in(service)
    secret, stranger = secret_of(browser), service.client()
    session_id = browser.get("/api/v1/session").json["session"]["id"]
    for value in (secret, session_id):
        assert (
            stranger.get(f"/api/v1/session?{SESSION}={value}&session={value}&sid={value}").status_code == 401
        )
        assert stranger.get(f"/api/v1/session;{SESSION}={value}").status_code in (401, 404)
        for name in ("Authorization", "X-Session", "X-Session-Id", "X-Auth-Token", "Masthead"):
            headers = {name: f"Bearer {value}" if name == "Authorization" else value}
            assert stranger.get("/api/v1/session", headers=headers).status_code == 401
    assert not is_in(with_cookies(service, f"{SESSION}={session_id}"))


@pytest.mark.case("SES-12")
@pytest.mark.parametrize("order", ["{own}; {planted}", "{planted}; {own}", "{own};{planted}", "{own}; {own}"])
def test_two_session_cookies_are_nobody_s(service, order):
    join(service)
    join(service, "mallory@example.org")
    own = f"{SESSION}={secret_of(signed_in(service))}"
    planted = f"{SESSION}={secret_of(signed_in(service, 'mallory@example.org'))}"
    assert is_in(with_cookies(service, own))
    assert not is_in(with_cookies(service, order.format(own=own, planted=planted)))


@pytest.mark.case("SES-12")
def test_over_https_only_the_host_prefixed_cookie_counts(make_service, database):
    service = make_service(database, public_url="https://accounts.example.org")
    join(service)
    browser = service.client()
    answer = log_in(browser)
    secret = _cookie_in(answer, f"__Host-{SESSION}")
    planted = _cookie_in(log_in(service.client()), f"__Host-{SESSION}")
    assert is_in(with_cookies(service, f"__Host-{SESSION}={secret}"))
    assert not is_in(with_cookies(service, f"{SESSION}={secret}"))
    tossed = with_cookies(service, f"{SESSION}={planted}; __Host-{SESSION}={secret}")
    assert is_in(tossed)
    assert tossed.get("/api/v1/session").json["session"]["id"] == answer.json["session"]["id"]


GARBAGE = {
    "empty": "",
    "short": "a",
    "huge": "A" * 12_000,
    "percent": "%00%ff%0d%0a",
    "latin-1": "\xe9\xff\xfe",
    "quoted": '"\\000\\012"',
    "json": '{"user":1}',
    "signed": "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "pickle": "gASVCgAAAAAAAACMBG51bGyUhZQu",
}


@pytest.mark.case("SES-13")
@pytest.mark.parametrize("value", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("name", [SESSION, "masthead-forms", "masthead-signup", "remember_token", "session"])
def test_a_garbled_cookie_is_signed_out_and_no_error(make_service, sqlite_url, name, value):
    browser = with_cookies(make_service(sqlite_url), f"{name}={value}")
    assert not is_in(browser)
    assert browser.get("/login").status_code == 200
    assert browser.post("/api/v1/logout").status_code == 204


@pytest.mark.case("SES-13")
def test_a_cookie_with_one_character_changed_is_signed_out(service):
    join(service)
    secret = secret_of(signed_in(service))
    for twin in (secret[:-1], secret + "A", secret + "=", secret.swapcase(), "B" + secret[1:] + "B"):
        assert not is_in(with_cookies(service, f"{SESSION}={twin}"))


@pytest.mark.case("SES-19")
def test_whoever_knows_every_key_still_cannot_forge_a_session(service):
    user = join(service)
    session_id = signed_in(service).get("/api/v1/session").json["session"]["id"]
    signer = SecureCookieSessionInterface().get_signing_serializer(service.app)
    assert signer is not None
    claims = {"_user_id": str(user.id), "_fresh": True, "user_id": str(user.id), "session": session_id}
    forged = signer.dumps(claims | {"_id": "x", "masthead": session_id, "amr": ["pwd"]})
    for name in ("masthead-forms", SESSION, "session", "remember_token", "\0not-in-use"):
        assert not is_in(with_cookies(service, f"{name}={forged}"))
    assert not is_in(with_cookies(service, f"remember_token={user.id}|{'0' * 128}"))


@pytest.mark.case("SES-07")
def test_a_role_taken_away_is_gone_at_the_next_request(service):
    user = join(service, roles=("editor",))
    browser = signed_in(service)
    assert browser.get("/api/v1/session").json["user"]["roles"] == ["editor"]
    change(service, update(UserRow).where(UserRow.id == user.id).values(roles=()))
    for headers in ({}, {"Origin": None}):
        assert browser.get("/api/v1/session", headers=headers).json["user"]["roles"] == []


@pytest.mark.case("SES-20", "FLT-27")
def test_emptying_redis_neither_revives_nor_ends_a_session(make_service, database, redis_url, redis_server):
    service = make_service(database, redis_url=redis_url)
    join(service)
    staying, leaving = signed_in(service), signed_in(service)
    thief = thief_of(service, leaving)
    leaving.post("/api/v1/logout")
    redis_server.flush()
    assert not is_in(thief)
    assert is_in(staying)


@pytest.mark.case("SES-21")
def test_no_answer_is_about_somebody_else_with_many_readers_at_once(
    live, make_service, postgres_url, redis_url
):
    setup = make_service(postgres_url)
    readers = [f"reader{number}@example.org" for number in range(8)]
    web = live(postgres_url, processes=2, redis_url=redis_url)
    for reader in readers:
        join(setup, reader)

    def read(reader):
        with web.client() as browser:
            body = {"email": reader, "password": PASSWORD}
            assert browser.post("/api/v1/login", json=body).status_code == 200
            wrong = []
            for number in range(100):
                # with an Origin Flask answers, without one the gate
                request = browser.build_request("GET", "/api/v1/session")
                if number % 2:
                    del request.headers["Origin"]
                answer = browser.send(request)
                if answer.status_code != 200 or answer.json()["user"]["email"] != reader:
                    wrong.append(answer.text)
                if number % 20 == 0 and reader not in browser.get("/account").text:
                    wrong.append(f"page without {reader}")
            return wrong

    with ThreadPoolExecutor(len(readers)) as crowd:
        assert [wrong for found in crowd.map(read, readers) for wrong in found] == []


@pytest.mark.case("SES-13")
def test_a_session_without_its_row_is_over(service):
    join(service)
    browser = signed_in(service)
    change(service, delete(SessionRow))
    assert not is_in(browser)
    assert code_of(browser.get("/api/v1/session")) == "unauthenticated"
