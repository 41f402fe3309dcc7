"""The gate answers for Flask what Flask would answer, byte by byte, and only for calls without surprises."""

import re
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from flask import request
from sqlalchemy import update
from werkzeug.test import TestResponse

from service.core.forward_auth import PATH
from service.gate import SESSION_PATH
from service.store.schema import SessionRow
from tests.support.people import add_reader, signed_in
from tests.support.service import Client, Service

ANSWERED = (
    SESSION_PATH,
    PATH,
    f"{PATH}?role=editor",
    f"{PATH}?role=staff&role=editor",
    f"{PATH}?role=%65ditor&role=",
)


@pytest.fixture
def reader(service: Service) -> Client:
    add_reader(service, name="Zoë 李小龙 <b>", roles=("editor",))
    client = signed_in(service)
    client.headers = {}
    return client


@pytest.fixture
def reached_flask(service: Service) -> list[str]:
    """The paths that Flask was asked for."""
    paths: list[str] = []
    service.app.before_request_funcs[None].insert(0, lambda: paths.append(request.path))
    return paths


def look(client: Client, path: str = SESSION_PATH, **options: Any) -> TestResponse:
    return client.request("GET", path, **options)


def look_with(service: Service, cookie: str | None) -> TestResponse:
    """Ask with exactly this Cookie header."""
    client = Client(service.app.test_client(use_cookies=False), service.settings.public_url)
    client.headers = {}
    return look(client, environ_overrides={} if cookie is None else {"HTTP_COOKIE": cookie})


def said(answer: TestResponse) -> tuple[str, dict[str, str], bytes]:
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}
    return answer.status, headers, answer.data


def test_the_gate_and_flask_say_the_same_byte_by_byte(reader: Client, reached_flask: list[str]) -> None:
    for path in ANSWERED:
        by_gate = look(reader, path)
        assert reached_flask == []
        by_flask = look(reader, path, headers={"X-Request-Id": "an-id-of-their-own"})
        assert reached_flask == [path.partition("?")[0]]
        assert by_gate.status_code == 200
        assert said(by_gate) == said(by_flask)
        assert re.fullmatch(r"[0-9a-f]{32}", by_gate.headers["X-Request-Id"])
        assert look(reader, path).headers["X-Request-Id"] != by_gate.headers["X-Request-Id"]
        reached_flask.clear()
    assert look(reader).json["user"]["name"] == "Zoë 李小龙 <b>"


def test_over_https_they_say_the_same_too(make_service: Callable[..., Service], sqlite_url: str) -> None:
    service = make_service(sqlite_url, public_url="https://accounts.example.org")
    add_reader(service)
    client = signed_in(service)
    client.headers = {}
    for path in (SESSION_PATH, PATH):
        assert said(look(client, path)) == said(look(client, path, headers={"X-Request-Id": "their-own-id"}))
        assert "Strict-Transport-Security" in look(client, path).headers


FOR_FLASK: list[tuple[str, str, dict[str, str]]] = [
    ("GET", SESSION_PATH, {"Origin": "http://localhost:8000"}),
    ("GET", SESSION_PATH, {"Origin": "https://evil.example"}),
    ("GET", SESSION_PATH, {"X-Request-Id": "x"}),
    ("HEAD", SESSION_PATH, {}),
    ("OPTIONS", SESSION_PATH, {}),
    ("POST", SESSION_PATH, {}),
    ("GET", SESSION_PATH + "/", {}),
    ("GET", PATH, {"Origin": "http://localhost:8000"}),
    ("GET", PATH + "?role=staff", {}),
    ("GET", PATH + "?role=", {}),
    ("GET", PATH + "?rolle=editor", {}),
    ("GET", PATH + "?role=editor&next=x", {}),
    ("HEAD", PATH, {}),
    ("POST", PATH, {}),
    ("GET", PATH + "/", {}),
    ("GET", "/api/v1/sessions", {}),
    ("GET", "/account", {}),
]


def test_everything_else_is_for_flask(reader: Client, reached_flask: list[str]) -> None:
    for method, path, headers in FOR_FLASK:
        reader.request(method, path, headers=headers)
        assert reached_flask == [path.partition("?")[0]], (method, path, headers)
        reached_flask.clear()


@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        "masthead=",
        "masthead=wrong",
        "masthead={secret}x",
        "masthead={secret}; masthead={secret}",
        "masthead={secret}; masthead=other",
        "Masthead={secret}",
        "xmasthead={secret}",
        "__Host-masthead={secret}",
        "masthead=" + "x" * 5000,
        "masthead=\xff\xfe",
        "; ;=;masthead",
    ],
)
@pytest.mark.case("SES-05")
def test_a_cookie_that_is_not_exactly_right_means_signed_out(
    service: Service, reader: Client, cookie: str | None
) -> None:
    kept = reader.inner.get_cookie("masthead")
    assert kept is not None
    answer = look_with(service, cookie and cookie.replace("{secret}", kept.value))
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("cookie", ["masthead={secret}", "a=b; masthead={secret}; masthead-forms=x; c"])
def test_other_cookies_do_not_disturb(
    service: Service, reader: Client, reached_flask: list[str], cookie: str
) -> None:
    kept = reader.inner.get_cookie("masthead")
    assert kept is not None
    assert look_with(service, cookie.replace("{secret}", kept.value)).status_code == 200
    assert reached_flask == []


def test_a_session_that_ended_is_gone_at_the_next_look(service: Service, reader: Client) -> None:
    assert look(reader).status_code == 200
    other = signed_in(service)
    assert other.delete("/api/v1/sessions").status_code == 204
    assert look(reader).status_code == 401


def test_now_and_then_flask_notes_that_a_session_is_in_use(
    service: Service, reader: Client, reached_flask: list[str]
) -> None:
    for path in (SESSION_PATH, PATH):
        reached_flask.clear()
        with service.parts.store.engine.begin() as connection:
            earlier = service.parts.flows.sessions.clock() - timedelta(minutes=6)
            connection.execute(update(SessionRow).values(last_seen_at=earlier))
        assert [look(reader, path).status_code for _ in range(3)] == [200, 200, 200]
        assert reached_flask == [path]


@pytest.mark.case("FLT-19")
@pytest.mark.parametrize("path", [SESSION_PATH, PATH])
def test_where_every_connection_is_busy_a_check_is_refused_within_two_seconds(
    reader: Client, service: Service, path: str
) -> None:
    look_ups = service.parts.store._sessions._connections
    free, look_ups._free = look_ups._free, deque()
    begun = monotonic()
    answer = look(reader, path)
    assert monotonic() - begun < 2
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    look_ups._free = free
    assert look(reader, path).status_code == 200
