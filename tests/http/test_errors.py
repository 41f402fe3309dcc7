"""Errors: problem+json for programs, a calm page for people, and the whole truth only in the log."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from service.core import errors
from service.core.errors import SOMETHING_WENT_WRONG, FieldError, Refusal
from service.flows.password_reset import PasswordReset
from service.http.errors import STATUS, TITLES, problem_of
from service.store.schema import UserRow
from tests.support.people import add_reader
from tests.support.service import Client, Service

FORGOT = "/api/v1/password/forgot"
SECRET = "s3cret-of-the-link"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything about forgotten passwords fails in a way nobody thought of."""

    def fail(*_: object, **__: object) -> None:
        secret_of_the_code = "a local variable"
        raise ZeroDivisionError(secret_of_the_code)

    monkeypatch.setattr(PasswordReset, "request", fail)
    monkeypatch.setattr(PasswordReset, "show", fail)


def subclasses(kind: type[Refusal]) -> set[type[Refusal]]:
    return {kind for below in kind.__subclasses__() for kind in {below, *subclasses(below)}}


def test_every_refusal_has_a_status_and_every_status_a_title() -> None:
    assert set(STATUS) == subclasses(Refusal)
    assert set(STATUS.values()) <= set(TITLES)


@pytest.mark.parametrize("refusal", sorted(subclasses(Refusal), key=str), ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_code_and_a_sentence_for_people(refusal: type[Refusal]) -> None:
    assert refusal.code != Refusal.code
    assert refusal.message.endswith(".")
    assert refusal.__doc__


def test_a_wait_is_rounded_up_to_whole_seconds() -> None:
    assert problem_of(errors.RateLimited(timedelta(milliseconds=1))).retry_after == 1
    assert problem_of(errors.Unavailable(timedelta(seconds=2, milliseconds=1))).retry_after == 3


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("GET", FORGOT, 405, "method_not_allowed"),
        ("POST", FORGOT, 415, "unsupported_media_type"),
        ("GET", "/api/v1/session", 401, "unauthenticated"),
    ],
)
def test_a_problem_has_the_members_of_the_contract(
    client: Client, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert list(answer.json) == ["type", "title", "status", "code", "detail", "request_id"]
    assert answer.json["type"] == "about:blank"
    assert answer.json["title"] == TITLES[status]
    assert (answer.json["status"], answer.json["code"]) == (status, code)
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_only_a_validation_names_fields(client: Client) -> None:
    answer = client.post(FORGOT, {"email": "nobody"})
    assert answer.status_code == 422
    assert list(answer.json) == ["type", "title", "status", "code", "detail", "request_id", "errors"]
    assert answer.json["errors"] == [
        {"field": "email", "code": "invalid_email", "message": "Enter a valid email address."}
    ]


@pytest.mark.case("SEC-07")
@pytest.mark.usefixtures("broken")
def test_what_nobody_thought_of_is_a_500_that_says_nothing(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.post(FORGOT, {"email": "reader@example.org"})
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "internal_error"
    assert answer.json["detail"] == SOMETHING_WENT_WRONG
    assert "ZeroDivision" not in answer.text
    (record,) = [record for record in caplog.records if record.msg == "unexpected_error"]
    assert record.request_id == answer.headers["X-Request-Id"]
    assert record.error == "ZeroDivisionError"


@pytest.mark.case("SEC-07", "WEB-08")
@pytest.mark.usefixtures("broken")
def test_people_get_a_page_with_a_number_to_quote(client: Client) -> None:
    answer = client.form("/forgot-password", email="reader@example.org")
    assert answer.status_code == 500
    assert answer.mimetype == "text/html"
    assert "Something went wrong." in answer.text
    assert "ZeroDivision" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.case("SEC-02", "SEC-07")
def test_flasks_debug_switch_opens_nothing(
    make_service: Callable[..., Service], sqlite_url: str, broken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    client = make_service(sqlite_url).client()
    answer = client.post(FORGOT, {"email": "reader@example.org"})
    assert (answer.status_code, answer.json["detail"]) == (500, SOMETHING_WENT_WRONG)
    assert client.get("/nowhere?__debugger__=yes").status_code == 404


@pytest.mark.case("SEC-06")
@pytest.mark.usefixtures("broken")
def test_no_token_reaches_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client.get(f"/reset-password?token={SECRET}")
    assert client.get("/reset-password").status_code == 500
    client.post("/api/v1/password/reset", {"token": SECRET, "password": SECRET})
    assert [record for record in caplog.records if record.msg == "unexpected_error"]
    for record in caplog.records:
        assert SECRET not in json.dumps(record.__dict__, default=repr)


@pytest.mark.case("WEB-11")
@pytest.mark.parametrize(
    "path",
    [
        "/<script>alert(1)</script>",
        '/login?next="><script>alert(1)</script>',
        "/signup?next='><img src=x onerror=alert(1)>",
        "/nowhere?x={{7777*7777}}",
    ],
)
def test_nothing_of_an_address_comes_back_as_markup(client: Client, path: str) -> None:
    answer = client.get(path)
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert "60481729" not in answer.text


def test_a_page_that_is_not_there_shows_the_way(client: Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here." in answer.text
    assert answer.text.count("<h1>") == 1


def test_a_message_fills_in_its_values() -> None:
    assert FieldError("x", "c", "At least %(least)d.", (("least", 8),)).message == "At least 8."
    assert FieldError("x", "c", "100 % plain.").message == "100 % plain."


@pytest.mark.case("DOS-09")
@pytest.mark.parametrize("path", ["/login", "/api/v1/me"])
def test_an_endless_head_is_refused(service: Service, path: str) -> None:
    client = service.client()
    assert client.get(f"{path}?next={'a' * 10_000}").status_code == 414
    assert client.get(path, headers={"X-Long": "a" * 20_000}).status_code == 431


@pytest.mark.case("SEC-05")
def test_what_was_to_be_stored_is_in_no_log(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    user = add_reader(service)

    def twice() -> str:
        users = UserRow.__table__
        with service.parts.store.engine.execution_options(masthead_write=True).begin() as connection:
            (row,) = connection.execute(select(users)).mappings()
            connection.execute(insert(users).values(**row))
        return ""

    service.app.add_url_rule("/twice", view_func=twice)
    assert service.client().get("/twice").status_code == 500
    (record,) = [record for record in caplog.records if record.msg == "unexpected_error"]
    assert record.error == "IntegrityError"
    for secret in (user.email, user.password_hash, user.name or user.email):
        assert secret not in json.dumps(record.__dict__, default=repr)


@pytest.mark.case("WEB-01", "WEB-03")
def test_refused_attempts_are_logged_by_code_and_place(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client = service.client()
    assert client.post("/api/v1/logout", {}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.request("POST", "/login", data={"email": "a@example.org"}).status_code == 403
    assert client.get("/api/v1/session").status_code == 401
    told = [(record.outcome, record.path) for record in caplog.records if record.msg == "refused"]
    assert told == [("cross_origin_refused", "/api/v1/logout"), ("form_expired", "/login")]
