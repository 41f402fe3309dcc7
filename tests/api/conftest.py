"""Readers at the API; every answer any of these tests gets must be documented in `/openapi.json`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import TestResponse

from service.core.tokens import Purpose, Tokens
from service.core.values import new_id
from tests.support.documented import watch_answers
from tests.support.environment import SECRET_KEYS
from tests.support.people import ADDRESS, add_reader, signed_in
from tests.support.service import Client, Service

Tell = Callable[..., str]
USER = (
    *("id", "email", "email_verified", "name", "locale", "roles"),
    *("has_password", "providers", "created_at"),
)
SESSION = ("id", "created_at", "expires_at", "auth_time", "amr")


@pytest.fixture(autouse=True)
def _documented(monkeypatch: pytest.MonkeyPatch) -> None:
    watch_answers(monkeypatch)


@pytest.fixture
def client(service: Service) -> Client:
    """A new browser, nobody signed in."""
    return service.client()


@pytest.fixture
def reader(service: Service) -> Client:
    """A reader's browser, signed in."""
    add_reader(service)
    return signed_in(service)


@pytest.fixture
def token(service: Service) -> Tell:
    """Deliver what is due and take the token out of the newest letter: `token("/reset-password")`."""

    def newest(path: str, to: str = ADDRESS) -> str:
        service.deliver()
        return service.mailbox.to(to)[-1].link(path).partition("token=")[2]

    return newest


def old_token(purpose: Purpose) -> str:
    """A genuine token, signed the day before yesterday."""
    at = datetime.now(UTC) - timedelta(days=2)
    payload = {"user": new_id().hex, "epoch": 0, "letter": new_id().hex, "signup": new_id().hex}
    return Tokens([SECRET_KEYS.encode()], lambda: at).sign(purpose, payload, at=at)


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.json["code"]


def field_errors(answer: TestResponse) -> list[tuple[str, str]]:
    """What a validation found: field and code."""
    assert refusal(answer) == (422, "validation_failed")
    return [(error["field"], error["code"]) for error in answer.json["errors"]]


def check_signed_in(answer: TestResponse) -> None:
    """The body of a sign-in: `user` and `session` with exactly the fields of the contract."""
    assert list(answer.json) == ["user", "session"]
    assert tuple(answer.json["user"]) == USER
    assert tuple(answer.json["session"]) == SESSION
    for instant in ("created_at", "expires_at", "auth_time"):
        written = answer.json["session"][instant]
        assert written.endswith("Z")
        assert datetime.fromisoformat(written).tzinfo is not None
