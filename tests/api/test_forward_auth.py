"""`/forward-auth`, as proxies ask it: who is the visitor, and what happens to those who are nobody."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from service.core.forward_auth import header_text
from service.store.schema import SessionRow, UserRow
from tests.support.people import VISIT, add_reader, signed_in
from tests.support.service import Client, Service

SITE = "http://www.example.org"
ARTICLE = "/2026/letters?page=2&from=front"
BROWSER = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html,*/*;q=0.8"}
REMOTE = ("Remote-User", "Remote-Email", "Remote-Name", "Remote-Roles")


@pytest.fixture
def here(make_service: Any, sqlite_url: str) -> Service:
    return make_service(sqlite_url, allowed_origins=SITE)


@pytest.fixture
def stranger(here: Service) -> Client:
    client = here.client()
    client.headers = {}
    return client


def behind_a_proxy(**changed: str | None) -> dict[str, str | None]:
    """What Caddy and Traefik add: a browser wants the article."""
    said = {"Method": "GET", "Proto": "http", "Host": "www.example.org", "Uri": ARTICLE} | changed
    return BROWSER | {f"X-Forwarded-{name}": value for name, value in said.items()}


def behind_nginx(url: str, method: str = "GET") -> dict[str, str]:
    return BROWSER | {"X-Original-Method": method, "X-Original-URL": url}


def ask(client: Client, headers: dict[str, str | None], query: str = "", method: str = "GET") -> TestResponse:
    return client.request(method, f"/forward-auth{query}", headers=headers)


def next_of(answer: TestResponse) -> str | None:
    """Where the sign-in page is to lead afterwards; the page itself is always ours."""
    target = urlsplit(answer.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == "http://localhost:8000/login"
    return parse_qs(target.query, strict_parsing=True)["next"][0] if target.query else None


SIGNED_OUT = [
    ({}, 401),
    ({"Accept": "text/html"}, 401),  # nobody says which page
    (behind_a_proxy(), 302),
    (behind_a_proxy(Method="HEAD"), 302),
    (behind_a_proxy(Method="POST"), 401),
    (behind_a_proxy(Method=None), 401),
    (behind_a_proxy(Host=None), 401),
    (behind_a_proxy(Uri=None), 401),
    (behind_a_proxy() | {"Sec-Fetch-Mode": "cors"}, 401),
    (behind_a_proxy() | {"Sec-Fetch-Mode": None}, 302),
    (behind_a_proxy() | {"Sec-Fetch-Mode": None, "Accept": "*/*"}, 401),
    (behind_a_proxy() | {"Sec-Fetch-Mode": None, "Accept": "application/json"}, 401),
    (behind_a_proxy() | {"Sec-Fetch-Mode": None, "Accept": "text/html;q=0, */*"}, 401),
    (behind_a_proxy() | {"Sec-Fetch-Mode": None, "Accept": None}, 401),
    (behind_nginx(SITE + ARTICLE), 401),
    (behind_a_proxy() | behind_nginx(SITE + ARTICLE), 401),
]


def test_a_browser_that_looks_at_a_page_is_sent_to_sign_in_and_everybody_else_hears_401(
    stranger: Client,
) -> None:
    for headers, status in SIGNED_OUT:
        answer = ask(stranger, headers)
        assert answer.status_code == status, headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cookie" in answer.vary
        assert not any(name in answer.headers for name in REMOTE)
        if status == 302:
            assert next_of(answer) == SITE + ARTICLE


def test_a_program_gets_a_problem_and_a_person_a_page(stranger: Client) -> None:
    problem = ask(stranger, {})
    assert (problem.mimetype, problem.json["code"]) == ("application/problem+json", "unauthenticated")
    page = ask(stranger, behind_a_proxy(Method="POST"))
    assert page.mimetype == "text/html"
    assert 'href="/login"' in page.text


def test_nginx_is_told_where_to_sign_in_with_the_401(stranger: Client) -> None:
    assert next_of(ask(stranger, behind_nginx(SITE + ARTICLE))) == SITE + ARTICLE
    for headers in ({"Sec-Fetch-Mode": "cors"}, {"X-Original-Method": "POST"}, {"X-Original-Method": None}):
        assert "Location" not in ask(stranger, behind_nginx(SITE + ARTICLE) | headers).headers


LEADS_ELSEWHERE: list[dict[str, str]] = [
    {"Host": "evil.example"},
    {"Host": "www.example.org.evil.example"},
    {"Host": "www.example.org@evil.example"},
    {"Host": "www.example.org:8080"},
    {"Host": "www.example.org, evil.example"},
    {"Host": "www.example.org\\@evil.example"},
    {"Host": "evil.example#www.example.org"},
    {"Host": ""},
    {"Proto": "https"},
    {"Proto": "javascript"},
    {"Proto": "http, https"},
    {"Uri": ".evil.example/"},
    {"Uri": "@evil.example/"},
    {"Uri": ":80@evil.example/"},
    {"Uri": "http://www.example.org/"},
    {"Uri": "/\\evil.example"},
    {"Uri": "/a b"},
    {"Uri": "/\xc3\xb8"},
    {"Uri": "/" + "x" * 2000},
]


@pytest.mark.case("LOG-17", "RST-26", "RST-27", "RST-29")
def test_what_leads_elsewhere_is_left_out_of_the_way_to_sign_in(stranger: Client) -> None:
    for changed in LEADS_ELSEWHERE:
        answer = ask(stranger, behind_a_proxy(**changed))
        assert answer.status_code == 302, changed
        assert next_of(answer) is None, changed
        said = {"Proto": "http", "Host": "www.example.org", "Uri": ARTICLE} | changed
        url = "{Proto}://{Host}{Uri}".format(**said)
        assert next_of(ask(stranger, behind_nginx(url))) is None, changed


@pytest.mark.case("RST-26", "RST-27", "RST-28")
def test_the_way_to_sign_in_is_the_configured_one(stranger: Client) -> None:
    lies = {"Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-Prefix": "/evil"}
    assert next_of(ask(stranger, behind_a_proxy() | lies)) == SITE + ARTICLE


def test_who_is_signed_in_is_told_in_headers(here: Service) -> None:
    user = add_reader(here, name="Zoë 李 100%", roles=("editor", "subscriber"))
    client = signed_in(here)
    for headers in (
        {},
        behind_a_proxy(),
        behind_nginx(SITE),
        {"Origin": SITE},
        {"X-Request-Id": "an-id-of-ours"},
    ):
        answer = ask(client, headers)
        assert answer.status_code == 200
        assert answer.data == b""
        assert "Set-Cookie" not in answer.headers
        assert not any(name.startswith("Access-Control") for name, _ in answer.headers)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Remote-User"] == str(user.id)
        assert answer.headers["Remote-Email"] == "reader@example.org"
        assert answer.headers["Remote-Name"] == "Zo%C3%AB %E6%9D%8E 100%25"
        assert unquote(answer.headers["Remote-Name"]) == "Zoë 李 100%"
        assert answer.headers["Remote-Roles"] == "editor,subscriber"


def test_what_an_account_lacks_is_empty_not_absent(here: Service) -> None:
    add_reader(here)
    answer = ask(signed_in(here), {})
    assert [answer.headers[name] for name in REMOTE[2:]] == ["", ""]


def test_an_address_that_is_not_proven_is_not_told(here: Service) -> None:
    user = add_reader(here)
    client = signed_in(here)
    with here.parts.store.engine.begin() as connection:
        connection.execute(update(UserRow).where(UserRow.id == user.id).values(email_verified_at=None))
    answers = ask(client, {}), ask(client, {"X-Request-Id": "an-id-of-ours"})
    assert [answer.headers["Remote-Email"] for answer in answers] == ["", ""]


@pytest.mark.case("INJ-05")
def test_no_name_can_end_its_header() -> None:
    """Such names cannot be chosen; the header holds all the same, whatever a database may come to hold."""
    for name in ("a\r\nRemote-Roles: staff", "a\nb", "a\0b", "a\x7fb", "a\u2028b", "a\ud800b", "%0d%0a"):
        told = header_text(name)
        assert told.isascii()
        assert told.isprintable()
    assert header_text("%0d%0a") == "%250d%250a"


@pytest.mark.case("SES-07")
def test_a_role_can_be_asked_for(here: Service) -> None:
    user = add_reader(here, roles=("subscriber",))
    client = signed_in(here)
    client.headers = {}
    assert ask(client, {}, "?role=subscriber").status_code == 200
    assert ask(client, {}, "?role=editor&role=subscriber").status_code == 200
    for query in (
        "?role=editor",
        "?role=",
        "?role=Subscriber",
        "?role=subscriber,editor",
        "?role=subscriber%00",
    ):
        refused = ask(client, {}, query)
        assert (refused.status_code, refused.json["code"]) == (403, "role_required")
        assert not any(name in refused.headers for name in REMOTE)
    page = ask(client, behind_a_proxy(), "?role=editor")
    assert page.status_code == 403
    assert "Your account does not have access to this page." in page.text
    here.parts.flows.accounts.change(user.id, {"roles": ["editor"]}, visit=VISIT)
    assert ask(client, {}, "?role=subscriber").status_code == 403
    assert ask(client, {}, "?role=editor").headers["Remote-Roles"] == "editor"


def test_a_misspelt_query_lets_nobody_in(here: Service) -> None:
    add_reader(here, roles=("subscriber",))
    reader = signed_in(here)
    for query in ("?roles=subscriber", "?role=subscriber&x=1", "?Role=subscriber"):
        for headers in ({}, behind_a_proxy(), behind_a_proxy(Uri=f"/x{query}&")):
            refused = ask(reader, headers | {"Accept": None, "Sec-Fetch-Mode": None}, query)
            assert (refused.status_code, refused.json["code"]) == (422, "validation_failed")


def test_the_query_of_the_visitors_page_opens_and_closes_nothing(here: Service) -> None:
    """Caddy passes it on where its configuration has none."""
    add_reader(here, roles=("subscriber",))
    reader, query = signed_in(here), "?utm_source=letter&page=2"
    assert ask(reader, behind_a_proxy(Uri=f"/x{query}"), query).status_code == 200
    assert ask(here.client(), behind_a_proxy(Uri=f"/x{query}"), query).status_code == 302
    query = "?role=editor&page=2"
    assert ask(reader, behind_a_proxy(Uri=f"/x{query}"), query).status_code == 403


@pytest.mark.case("SES-05", "SES-09")
def test_a_closed_account_is_nobody_at_the_next_page(here: Service) -> None:
    user = add_reader(here)
    client = signed_in(here)
    client.headers = {}
    assert ask(client, behind_a_proxy()).status_code == 200
    here.parts.flows.accounts.disable(user.id, visit=VISIT)
    assert ask(client, behind_a_proxy()).status_code == 302
    assert ask(client, {}).status_code == 401


@pytest.mark.case("SES-12", "SES-13")
def test_a_cookie_that_is_not_exactly_right_means_signed_out(here: Service) -> None:
    add_reader(here)
    kept = signed_in(here).inner.get_cookie("masthead")
    assert kept is not None
    bare = Client(here.app.test_client(use_cookies=False), here.settings.public_url)
    for cookie in ("masthead=wrong", "masthead={0}; masthead={0}", "masthead=" + "x" * 5000, "masthead"):
        sent = {"HTTP_COOKIE": cookie.format(kept.value)}
        assert bare.get("/forward-auth", environ_overrides=sent).status_code == 401, cookie


@pytest.mark.case("SES-11")
def test_a_session_is_known_by_its_cookie_alone(here: Service, stranger: Client) -> None:
    add_reader(here)
    kept = signed_in(here).inner.get_cookie("masthead")
    assert kept is not None
    lies = {"Authorization": f"Bearer {kept.value}", "X-Masthead": kept.value, "Remote-User": "somebody"}
    assert ask(stranger, lies).status_code == 401
    assert ask(stranger, {}, f"?masthead={kept.value}").status_code == 422


@pytest.mark.case("WEB-05", "WEB-12")
def test_it_is_only_looked_at(here: Service) -> None:
    add_reader(here)
    client = signed_in(here)
    client.headers = {}
    head = ask(client, {}, method="HEAD")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Remote-Email"] == "reader@example.org"
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        refused = ask(client, {}, method=method)
        assert refused.status_code == 405
        assert "GET" in refused.headers["Allow"]
    overridden = ask(client, {"X-HTTP-Method-Override": "DELETE", "X-Forwarded-Method": "DELETE"})
    assert overridden.status_code == 200


@pytest.mark.case("LOG-05")
def test_the_last_use_is_noted_from_where_the_visitor_is(make_service: Any, sqlite_url: str) -> None:
    service = make_service(sqlite_url, trusted_proxies=1)
    add_reader(service)
    client = signed_in(service)
    with service.parts.store.engine.begin() as connection:
        earlier = service.parts.flows.sessions.clock() - timedelta(minutes=6)
        connection.execute(update(SessionRow).values(last_seen_at=earlier))
    headers = behind_a_proxy() | {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    assert ask(client, headers).status_code == 200
    (here,) = client.get("/api/v1/sessions").json
    assert here["ip"] == "203.0.113.9"


@pytest.mark.case("FLT-16")
def test_without_the_database_nobody_is_let_in(make_service: Any) -> None:
    client = make_service("postgresql://nobody@127.0.0.1:1/nothing").client()
    client.inner.set_cookie("masthead", "x" * 43)
    client.headers = {}
    for headers, kind in (({}, "application/problem+json"), (behind_a_proxy(), "text/html")):
        answer = ask(client, headers)
        assert (answer.status_code, answer.mimetype) == (503, kind)
        assert answer.headers["Retry-After"]
