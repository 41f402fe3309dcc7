"""POST /login, POST /logout, GET /session."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.api.conftest import Tell, check_signed_in, field_errors, refusal
from tests.support.people import ADDRESS, PASSWORD, VISIT, add_reader, signed_in
from tests.support.service import Client, Service

LOGIN, LOGOUT, SESSION = "/api/v1/login", "/api/v1/logout", "/api/v1/session"
RIGHT = {"email": ADDRESS, "password": PASSWORD}


@pytest.mark.parametrize("email", [ADDRESS, ADDRESS.upper(), f" {ADDRESS} "])
def test_the_right_password_signs_in(service: Service, client: Client, email: str) -> None:
    user = add_reader(service)
    answer = client.post(LOGIN, RIGHT | {"email": email})
    assert answer.status_code == 200
    check_signed_in(answer)
    assert answer.json["user"]["id"] == str(user.id)
    assert answer.json["session"]["amr"] == ["pwd"]
    assert client.get(SESSION).json == answer.json


@pytest.mark.parametrize(
    ("remember", "lifetime", "max_age"),
    [(False, timedelta(hours=12), None), (True, timedelta(days=90), 90 * 86400)],
)
def test_a_session_lasts_as_long_as_wished(
    service: Service, client: Client, remember: bool, lifetime: timedelta, max_age: int | None
) -> None:
    add_reader(service)
    answer = client.post(LOGIN, RIGHT | {"remember": remember})
    session = answer.json["session"]
    lasts = datetime.fromisoformat(session["expires_at"]) - datetime.fromisoformat(session["created_at"])
    assert lasts == lifetime
    (cookie,) = [text for text in answer.headers.getlist("Set-Cookie") if text.startswith("masthead=")]
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert (f"Max-Age={max_age}" in cookie) if max_age else ("Max-Age" not in cookie)


def test_over_https_the_cookie_is_bound_to_the_host(
    make_service: Callable[..., Service], sqlite_url: str
) -> None:
    service = make_service(sqlite_url, public_url="https://accounts.example.org")
    add_reader(service)
    cookie = service.client().post(LOGIN, RIGHT).headers["Set-Cookie"]
    assert cookie.startswith("__Host-masthead=")
    assert "Secure" in cookie


@pytest.mark.parametrize(
    "body",
    [
        RIGHT | {"password": "wrong"},
        RIGHT | {"password": ""},
        RIGHT | {"password": PASSWORD + " "},
        RIGHT | {"password": PASSWORD.upper()},
        RIGHT | {"password": "x" * 60_000},
        RIGHT | {"email": "nobody@example.org"},
        RIGHT | {"email": "passwordless@example.org"},
    ],
)
def test_whatever_is_wrong_the_answer_is_one(service: Service, client: Client, body: dict[str, str]) -> None:
    add_reader(service)
    add_reader(service, "passwordless@example.org", None)
    answer = client.post(LOGIN, body)
    assert refusal(answer) == (401, "invalid_credentials")
    assert "Set-Cookie" not in answer.headers


def test_an_address_that_is_none_is_named(client: Client) -> None:
    assert field_errors(client.post(LOGIN, RIGHT | {"email": "nobody"})) == [("email", "invalid_email")]


def test_a_disabled_account_is_told_so_after_its_right_password_only(
    service: Service, client: Client
) -> None:
    user = add_reader(service)
    service.parts.flows.accounts.disable(user.id, VISIT)
    assert refusal(client.post(LOGIN, RIGHT)) == (403, "account_disabled")
    assert refusal(client.post(LOGIN, RIGHT | {"password": "wrong"})) == (401, "invalid_credentials")


def test_an_unproven_account_gets_a_link_after_its_right_password_only(
    service: Service, client: Client, token: Tell
) -> None:
    add_reader(service, verified=False)
    assert refusal(client.post(LOGIN, RIGHT | {"password": "wrong"})) == (401, "invalid_credentials")
    assert service.deliver() == 0
    answer = client.post(LOGIN, RIGHT)
    assert refusal(answer) == (403, "email_unverified")
    assert answer.headers["Set-Cookie"].startswith("masthead-signup=")
    done = client.post("/api/v1/signup/confirm", {"token": token("/signup/confirm")})
    assert done.status_code == 201


def test_too_many_tries_are_a_429_that_says_how_long(
    make_service: Callable[..., Service], sqlite_url: str
) -> None:
    service = make_service(sqlite_url, rate_limit_scale=1, rate_limits="login_per_account=2/minute")
    add_reader(service)
    client = service.client()
    statuses = [client.post(LOGIN, RIGHT | {"password": "wrong"}).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    answer = client.post(LOGIN, RIGHT)
    assert refusal(answer) == (429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


@pytest.mark.case("DOS-03")
def test_a_full_hash_queue_is_a_503_for_hashing_alone(service: Service, reader: Client) -> None:
    pool = service.parts.flows.login.passwords
    places = 0
    while pool._room.acquire(blocking=False):
        places += 1
    for email in (ADDRESS, "nobody@example.org"):
        answer = reader.post(LOGIN, RIGHT | {"email": email})
        assert refusal(answer) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    assert refusal(reader.post("/api/v1/signup", RIGHT)) == (503, "unavailable")
    assert reader.get(SESSION).status_code == 200
    assert reader.post("/api/v1/password/forgot", {"email": ADDRESS}).status_code == 202
    for _ in range(places):
        pool._room.release()
    assert reader.post(LOGIN, RIGHT).status_code == 200


def test_signing_out_ends_the_session_here_and_on_the_server(service: Service, reader: Client) -> None:
    kept = reader.inner.get_cookie("masthead")
    assert kept is not None
    answer = reader.post(LOGOUT)
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "masthead=;" in str(answer.headers.getlist("Set-Cookie"))
    assert reader.get(SESSION).status_code == 401
    thief = service.client()
    thief.inner.set_cookie("masthead", kept.value)
    assert thief.get(SESSION).status_code == 401


@pytest.mark.parametrize("cookie", [None, "wrong", "x" * 5000])
def test_signing_out_without_a_session_is_fine(client: Client, cookie: str | None) -> None:
    if cookie:
        client.inner.set_cookie("masthead", cookie)
    assert client.post(LOGOUT).status_code == 204
    assert client.post(LOGOUT).status_code == 204


def test_nobody_is_nobody(client: Client) -> None:
    assert refusal(client.get(SESSION)) == (401, "unauthenticated")


def test_signing_in_again_ends_the_session_before(service: Service, reader: Client) -> None:
    kept = reader.inner.get_cookie("masthead")
    assert kept is not None
    assert reader.post(LOGIN, RIGHT).status_code == 200
    earlier = service.client()
    earlier.inner.set_cookie("masthead", kept.value)
    assert earlier.get(SESSION).status_code == 401
    assert len(signed_in(service).get("/api/v1/sessions").json) == 2
