"""POST /password/forgot, /password/reset and /password/change."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from service.core.tokens import Purpose
from service.store.schema import SessionRow
from tests.api.conftest import Tell, field_errors, old_token, refusal
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, VISIT, add_reader, signed_in
from tests.support.service import Client, Service

FORGOT, RESET, CHANGE = (f"/api/v1/password/{call}" for call in ("forgot", "reset", "change"))
DONE = (
    "Reset password instructions sent."
    " If you have an account with us, you will receive an email within a few minutes."
)


@pytest.mark.parametrize("email", [ADDRESS, "nobody@example.org", "mıke@example.org", "disabled@example.org"])
def test_asking_for_a_letter_is_accepted_in_the_words_of_the_product(
    service: Service, client: Client, email: str
) -> None:
    add_reader(service)
    closed = add_reader(service, "disabled@example.org")
    service.parts.flows.accounts.disable(closed.id, VISIT)
    answer = client.post(FORGOT, {"email": email, "next": "/account/devices", "captcha": "unused"})
    assert answer.status_code == 202
    assert answer.json == {"status": "accepted", "message": DONE}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a@example.org,b@example.org", "a@example.org\r\nBcc: b"]
)
def test_an_address_that_is_none_is_named(service: Service, client: Client, email: str) -> None:
    assert field_errors(client.post(FORGOT, {"email": email})) == [("email", "invalid_email")]
    assert service.deliver() == 0


def test_too_many_letters_from_one_place_are_a_429(
    make_service: Callable[..., Service], sqlite_url: str
) -> None:
    client = make_service(sqlite_url, rate_limit_scale=1, rate_limits="forgot_per_client=2/hour").client()
    statuses = [client.post(FORGOT, {"email": f"r{n}@example.org"}).status_code for n in range(3)]
    assert statuses == [202, 202, 429]


@pytest.mark.parametrize(
    "next_page", [None, "/account/devices", "http://localhost:8000/x", "https://evil.example"]
)
def test_the_token_of_the_letter_sets_the_password(
    service: Service, client: Client, token: Tell, next_page: str | None
) -> None:
    add_reader(service)
    client.post(FORGOT, {"email": ADDRESS, "next": next_page})
    answer = client.post(RESET, {"token": token("/reset-password"), "password": ANOTHER})
    assert answer.status_code == 200
    followed = None if next_page == "https://evil.example" else next_page
    assert answer.json == {"status": "password_changed", "next": followed}
    assert not [text for text in answer.headers.getlist("Set-Cookie") if text.startswith("masthead=")]
    assert client.get("/api/v1/session").status_code == 401
    login = {"email": ADDRESS, "password": ANOTHER}
    assert client.post("/api/v1/login", login).status_code == 200


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("x" * 257, "password_too_long"),
        ("password", "password_breached"),
        ("reader99", "password_guessable"),
    ],
)
@pytest.mark.case("RST-59")
def test_a_refused_password_leaves_the_token_usable(
    service: Service, client: Client, token: Tell, password: str, code: str
) -> None:
    add_reader(service)
    client.post(FORGOT, {"email": ADDRESS})
    key = token("/reset-password")
    assert field_errors(client.post(RESET, {"token": key, "password": password})) == [("password", code)]
    assert client.post(RESET, {"token": key, "password": ANOTHER}).status_code == 200
    assert refusal(client.post(RESET, {"token": key, "password": PASSWORD})) == (400, "invalid_token")


@pytest.mark.parametrize("made_up", ["", "x", "a.b.c", "x" * 60_000, "' OR 1=1--"])
def test_no_made_up_token_works(client: Client, made_up: str) -> None:
    answer = client.post(RESET, {"token": made_up, "password": ANOTHER})
    assert refusal(answer) == (400, "invalid_token")


def test_a_link_whose_time_is_over_says_so(client: Client) -> None:
    body = {"token": old_token(Purpose.PASSWORD_RESET), "password": ANOTHER}
    assert refusal(client.post(RESET, body)) == (400, "expired_token")


def test_a_changed_password_ends_every_other_session(service: Service, reader: Client) -> None:
    elsewhere = signed_in(service)
    answer = reader.post(CHANGE, {"current_password": PASSWORD, "new_password": ANOTHER})
    assert answer.status_code == 200
    assert answer.json["status"] == "password_changed"
    assert reader.get("/api/v1/session").status_code == 200
    assert elsewhere.get("/api/v1/session").status_code == 401
    assert service.client().post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize("current", [None, "", "wrong", "x" * 60_000, "\0"])
def test_without_the_present_password_nothing_changes(
    service: Service, reader: Client, current: str | None
) -> None:
    answer = reader.post(CHANGE, {"current_password": current, "new_password": ANOTHER})
    assert refusal(answer) == (401, "invalid_credentials")
    assert signed_in(service).get("/api/v1/session").status_code == 200


def test_a_new_password_has_to_pass_the_bar_under_its_own_name(reader: Client) -> None:
    answer = reader.post(CHANGE, {"current_password": PASSWORD, "new_password": "short"})
    assert field_errors(answer) == [("new_password", "password_too_short")]


def test_nobody_changes_nobodys_password(client: Client) -> None:
    assert refusal(client.post(CHANGE, {"new_password": ANOTHER})) == (401, "unauthenticated")


@pytest.mark.parametrize(("age", "status"), [(timedelta(minutes=1), 200), (timedelta(minutes=16), 401)])
def test_a_first_password_needs_a_fresh_sign_in(
    service: Service, client: Client, age: timedelta, status: int
) -> None:
    user = add_reader(service, password=None)
    flows = service.parts.flows
    with service.parts.store.write() as uow:
        begun = flows.sessions.begin(uow, user, amr=("email",), remember=False, visit=VISIT)
    with service.parts.store.engine.begin() as connection:
        connection.execute(update(SessionRow).values(auth_time=begun.session.auth_time - age))
    client.inner.set_cookie("masthead", begun.secret)
    answer = client.post(CHANGE, {"new_password": ANOTHER})
    assert answer.status_code == status
    if status == 401:
        assert refusal(answer) == (401, "reauthentication_required")
