"""POST /signup and /signup/confirm."""

from typing import Any

import pytest

from service.core.tokens import Purpose
from tests.api.conftest import Tell, check_signed_in, field_errors, old_token, refusal
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, add_reader
from tests.support.service import Client, Service

SIGNUP, CONFIRM = "/api/v1/signup", "/api/v1/signup/confirm"
GOOD: dict[str, Any] = {"email": ADDRESS, "password": PASSWORD}
EVERYTHING = GOOD | {
    "name": "Zoë",
    "locale": "de-AT",
    "newsletter": True,
    "next": "/account/devices",
    "captcha": "unused",
}


@pytest.mark.parametrize("body", [GOOD, EVERYTHING, GOOD | {"name": None, "locale": None, "next": None}])
def test_asking_is_accepted_and_binds_the_browser(client: Client, body: dict[str, Any]) -> None:
    answer = client.post(SIGNUP, body)
    assert answer.status_code == 202
    assert list(answer.json) == ["status", "message"]
    assert answer.json["status"] == "accepted"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("masthead-signup=")
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"):
        assert attribute in cookie


def test_a_taken_address_gets_the_same_answer(service: Service, client: Client) -> None:
    free = client.post(SIGNUP, GOOD)
    add_reader(service, "taken@example.org")
    taken = client.post(SIGNUP, GOOD | {"email": "taken@example.org"})
    assert (taken.status_code, taken.data, [name for name, _ in taken.headers]) == (
        *(free.status_code, free.data),
        [name for name, _ in free.headers],
    )


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "nobody", "invalid_email"),
        ("email", "mıke@example.org", "invalid_email"),
        ("password", "short", "password_too_short"),
        ("password", "x" * 257, "password_too_long"),
        ("password", "x" * 60_000, "password_too_long"),
        ("password", "password", "password_breached"),
        ("password", "reader99", "password_guessable"),
        ("password", "abc\0defgh", "invalid_text"),
        ("name", "x" * 101, "name_too_long"),
        ("name", "a\u202eb", "invalid_text"),
        ("name", "a\nBcc: b", "invalid_text"),
        ("name", 7, "invalid_type"),
        ("newsletter", "yes", "invalid_type"),
        ("next", "\0", "invalid_text"),
        ("roles", ["admin"], "unknown_field"),
        ("email_verified", True, "unknown_field"),
    ],
)
@pytest.mark.case("DOS-01", "INJ-05")
def test_a_field_that_cannot_be_accepted_is_named(
    service: Service, client: Client, field: str, value: object, code: str
) -> None:
    answer = client.post(SIGNUP, GOOD | {field: value})
    assert field_errors(answer) == [(field, code)]
    assert "Set-Cookie" not in answer.headers
    assert service.deliver() == 0


def test_every_mistake_is_told_at_once(client: Client) -> None:
    answer = client.post(SIGNUP, {"email": "nobody", "password": "short", "name": "x" * 101})
    assert {field for field, _ in field_errors(answer)} == {"email", "password", "name"}


def test_confirming_in_the_same_browser_signs_in(client: Client, token: Tell) -> None:
    client.post(SIGNUP, EVERYTHING)
    answer = client.post(CONFIRM, {"token": token("/signup/confirm")})
    assert answer.status_code == 201
    check_signed_in(answer)
    user, session = answer.json["user"], answer.json["session"]
    assert (user["email"], user["email_verified"], user["has_password"]) == (ADDRESS, True, True)
    assert (user["name"], user["locale"], user["roles"], user["providers"]) == ("Zoë", "de-AT", [], [])
    assert session["amr"] == ["pwd", "email"]
    assert client.get("/api/v1/session").json == answer.json
    assert "masthead-signup=;" in str(answer.headers.getlist("Set-Cookie"))


def test_another_browser_must_choose_a_password(service: Service, client: Client, token: Tell) -> None:
    client.post(SIGNUP, GOOD)
    body = {"token": token("/signup/confirm")}
    other = service.client()
    assert field_errors(other.post(CONFIRM, body)) == [("password", "password_required")]
    assert field_errors(other.post(CONFIRM, body | {"password": "short"})) == [
        ("password", "password_too_short")
    ]
    answer = other.post(CONFIRM, body | {"password": ANOTHER})
    assert answer.status_code == 201
    check_signed_in(answer)
    assert other.post("/api/v1/login", GOOD).status_code == 401


def test_a_link_works_once(client: Client, token: Tell) -> None:
    client.post(SIGNUP, GOOD)
    body = {"token": token("/signup/confirm")}
    assert client.post(CONFIRM, body).status_code == 201
    assert refusal(client.post(CONFIRM, body)) == (400, "invalid_token")


@pytest.mark.parametrize("made_up", ["", "x", "a.b.c", "x" * 60_000, "a.b.c\n", "ü.ü.ü"])
def test_no_made_up_token_works(client: Client, made_up: str) -> None:
    assert refusal(client.post(CONFIRM, {"token": made_up})) == (400, "invalid_token")


def test_a_link_whose_time_is_over_says_so(client: Client) -> None:
    assert refusal(client.post(CONFIRM, {"token": old_token(Purpose.SIGNUP)})) == (400, "expired_token")
    assert refusal(client.post(CONFIRM, {"token": old_token(Purpose.PASSWORD_RESET)})) == (
        *(400, "invalid_token"),
    )
