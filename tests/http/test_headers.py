"""Headers that every answer carries, whatever its status."""

import re

import pytest

from service.http.requests import canonical_ip
from tests.support.people import ADDRESS, PASSWORD
from tests.support.service import Client, Service

PAGES = [
    ("GET", "/login", 200),
    ("GET", "/signup", 200),
    ("GET", "/forgot-password", 200),
    ("GET", "/", 303),
    ("GET", "/account", 303),
    ("GET", "/reset-password", 400),
    ("POST", "/login", 403),
    ("GET", "/nowhere", 404),
    ("PUT", "/login", 405),
    ("GET", "/docs", 200),
    ("GET", "/.well-known/change-password", 302),
]
DATA = [
    ("GET", "/api/v1/session", 401),
    ("POST", "/api/v1/login", 415),
    ("POST", "/api/v1/logout", 204),
    ("GET", "/api/v1/nowhere", 404),
    ("GET", "/api/v1/login", 405),
    ("OPTIONS", "/api/v1/login", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/openapi.json", 200),
]


@pytest.mark.case("WEB-09", "WEB-10", "RST-54")
@pytest.mark.parametrize(("method", "path", "status"), [*PAGES, *DATA])
def test_every_answer_protects_itself(client: Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


@pytest.mark.case("WEB-07", "WEB-08", "RST-53")
@pytest.mark.parametrize(("method", "path", "status"), PAGES)
def test_a_page_shows_what_is_ours_and_nothing_else(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    policy = dict(
        directive.strip().split(" ", 1) for directive in answer.headers["Content-Security-Policy"].split(";")
    )
    (nonce,) = re.findall(r"'nonce-([^']+)'", policy["script-src"])
    assert len(nonce) >= 22
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert policy["img-src"] == "'self' data: https://cdn.example.org"
    assert policy["form-action"] == "'self' https://beta.example.org:8443 https://www.example.org"
    assert policy["style-src"] == "'self'"
    if status not in (302, 303):
        assert "<style" not in answer.text
    assert set(re.findall(r'<script[^>]* nonce="([^"]*)"', answer.text)) <= {nonce}
    assert not re.search(r"<script(?![^>]* nonce=)", answer.text)
    linked = re.findall(r'(?:src|href|action)="(https?:)?//([^/"]+)', answer.text)
    assert {host for _, host in linked} <= {"www.example.org", "cdn.example.org", "accounts.example.org"}
    assert " style=" not in answer.text
    assert not re.search(r"\son\w+=", answer.text)


def test_a_nonce_is_used_once(client: Client) -> None:
    policies = {client.get("/login").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(policies) == 5


def test_data_shows_nothing_at_all(client: Client) -> None:
    policy = client.get("/api/v1/session").headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_over_plain_http_nobody_is_told_to_use_https(make_service, sqlite_url: str) -> None:
    answer = make_service(sqlite_url).client().get("/login")
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("given", ["abcdefgh", "0123-4567_89.ab", "x" * 128])
@pytest.mark.parametrize("path", ["/api/v1/session", "/login", "/nowhere", "/healthz"])
def test_a_valid_request_id_is_kept(client: Client, given: str, path: str) -> None:
    assert client.get(path, headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.case("INJ-04")
@pytest.mark.parametrize(
    "given", ["", "short", "x" * 129, "with spaces", 'a"b":1,"cccc', "<script>x</script>", "ünïcödé-ids"]
)
def test_another_request_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/api/v1/session", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.case("WEB-10", "WEB-15")
def test_a_signed_in_answer_is_kept_by_nobody_and_names_no_program(standing: Service) -> None:
    client = standing.client()
    begun = client.post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD})
    for answer in (begun, client.get("/account"), client.get("/api/v1/sessions")):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
        assert "X-Powered-By" not in answer.headers


@pytest.mark.case("WEB-12", "WEB-13")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("TRACE", "/login", 405),
        ("TRACE", "/api/v1/login", 405),
        ("CONNECT", "/login", 405),
        ("BREW", "/login", 405),
        ("GET", "/.git/config", 404),
        ("GET", "/.env", 404),
        ("GET", "/console", 404),
        ("GET", "/dev/mailbox", 404),
        ("GET", "/static/", 404),
        ("GET", "/static/../wsgi.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/account/x.css", 404),
        ("GET", "/account/password.css", 404),
        ("GET", "/account;x.css", 404),
        ("GET", "/api/v1/session/x.js", 404),
        ("GET", "/api/v1/session.css", 404),
        ("GET", "/api/v1/session/", 404),
        ("GET", "/api/v1/SESSION", 404),
    ],
)
def test_what_is_not_offered_is_not_there(client: Client, method: str, path: str, status: int) -> None:
    assert client.request(method, path).status_code == status


@pytest.mark.case("RST-26", "RST-27")
@pytest.mark.parametrize(
    "path",
    ["/x//login", "/login/", "/account", "/", "/.well-known/change-password", "/reset-password?token=x"],
)
def test_no_redirect_leads_where_the_request_says_it_is(client: Client, path: str) -> None:
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    answer = client.get(path, headers=evil)
    assert "evil.example" not in str(answer.headers)
    assert "evil.example" not in answer.text
    assert answer.headers.get("Location", "/").startswith("/")


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unix:", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        ("192.0.2.7, 10.0.0.1", "unknown"),
    ],
)
def test_a_client_has_one_address(address: str | None, canonical: str) -> None:
    assert canonical_ip(address) == canonical
