"""Hostile text in every field and header: it is text, wherever it goes."""

import time

import pytest
from sqlalchemy import text

from tests.support.people import ADDRESS, PASSWORD, add_reader
from tests.support.service import Client, Service

NASTY = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "' AND 1=(SELECT COUNT(*) FROM users) --",
    "'||pg_sleep(5)--",
    "1; WAITFOR DELAY '0:0:5'--",
    '") OR (""="',
    "%",
    "{{7777*7777}}",
    "${7777*7777}",
    "{% include '/etc/passwd' %}",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "%s%s%s%n",
    "a\r\nX-Injected: yes",
]
CALLS = {
    "/api/v1/signup": ("email", "password", "name", "locale", "next", "captcha"),
    "/api/v1/signup/confirm": ("token", "password"),
    "/api/v1/login": ("email", "password", "captcha"),
    "/api/v1/password/forgot": ("email", "next", "captcha"),
    "/api/v1/password/reset": ("token", "password"),
    "/api/v1/password/change": ("current_password", "new_password"),
}
GOOD = {"email": ADDRESS, "password": "quiet harbour at noon", "token": "x", "new_password": "quiet harbour"}
HEADERS = ("User-Agent", "Accept-Language", "X-Forwarded-For", "X-Request-Id", "Referer", "X-Real-IP")


@pytest.mark.case("INJ-03")
@pytest.mark.parametrize("path", CALLS)
def test_sql_in_a_field_has_no_effect_and_takes_no_time(service: Service, reader: Client, path: str) -> None:
    required = {name: GOOD[name] for name in CALLS[path] if name in GOOD}
    for field in CALLS[path]:
        for nasty in NASTY:
            begun = time.monotonic()
            answer = reader.post(path, required | {field: nasty})
            assert answer.status_code < 500, (field, nasty)
            assert time.monotonic() - begun < 4
            assert "X-Injected" not in answer.headers
    with service.parts.store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 1


@pytest.mark.case("INJ-03", "INJ-04", "INJ-08")
@pytest.mark.parametrize("header", HEADERS)
def test_sql_in_a_header_has_no_effect(service: Service, header: str) -> None:
    add_reader(service)
    for nasty in (one for one in NASTY if "\r" not in one):
        client = service.client()
        answer = client.post(
            "/api/v1/login", {"email": ADDRESS, "password": PASSWORD}, headers={header: nasty}
        )
        assert answer.status_code == 200
        assert client.get("/account", headers={header: nasty}).status_code == 200
        assert nasty not in client.get("/account/devices").text
    with service.parts.store.engine.connect() as connection:
        stored = connection.execute(text("SELECT ip FROM sessions")).scalars().all()
    assert set(stored) == {"127.0.0.1"}


@pytest.mark.case("INJ-01", "INJ-02", "WEB-11")
@pytest.mark.parametrize(
    "name", ["{{7777*7777}}", "{% raw %}", "${7777*7777}", "<b onclick=x>Ada</b>", 'Ada" autofocus x="']
)
def test_a_name_is_shown_as_it_is_everywhere(service: Service, name: str) -> None:
    add_reader(service, name=name)
    client = service.client()
    answer = client.post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD})
    assert answer.json["user"]["name"] == name
    page = client.get("/account").text
    assert name.replace("{", "").replace("<", "&lt;").replace(">", "&gt;").replace(
        '"', "&#34;"
    ) in page.replace("{", "")
    assert "<b onclick" not in page
    assert "60481729" not in page.partition("<main")[2]
    client.post("/api/v1/password/forgot", {"email": ADDRESS})
    service.deliver()
    (letter,) = service.mailbox.to(ADDRESS)
    raw = letter.message.as_string()
    assert "<b onclick" not in letter.message.get_body(("html",)).get_content()
    assert "60481729" not in letter.message.get_body(("plain",)).get_content().partition("http")[0]
    assert raw.lower().count("\nbcc:") == 0
