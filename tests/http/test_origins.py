"""Which sites may call: CORS for exactly the allowed ones, and no change asked for by any other."""

import pytest

from tests.support.people import ADDRESS, PASSWORD
from tests.support.service import Client, Service

OWN = "https://accounts.example.org"
ALLOWED = ["https://www.example.org", "https://beta.example.org:8443"]
FOREIGN = [
    "https://evil.example",
    "null",
    "http://www.example.org",
    "https://www.example.org.evil.example",
    "https://www.example.org:8443",
    "https://beta.example.org",
    "https://evilwww.example.org",
    "https://sub.www.example.org",
    "https://www.example.org@evil.example",
    "https://www.example.orgevil.example",
    "file://",
    "",
]
CORS = {
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
}


@pytest.fixture
def reader(standing: Service) -> Client:
    client = standing.client()
    assert client.post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD}).status_code == 200
    client.headers = {}
    return client


@pytest.mark.case("WEB-06")
@pytest.mark.parametrize("origin", ALLOWED)
@pytest.mark.parametrize("path", ["/api/v1/session", "/api/v1/nowhere"])
def test_the_sites_own_pages_may_read_with_credentials(client: Client, origin: str, path: str) -> None:
    answer = client.get(path, headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After, X-Request-Id"
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.case("WEB-06")
@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_nobody_elses_pages_may(client: Client, origin: str, method: str) -> None:
    answer = client.request(method, "/api/v1/session", headers={"Origin": origin})
    assert CORS.isdisjoint(answer.headers.keys())
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.case("WEB-06")
def test_a_signed_in_answer_is_shared_with_the_site_only(reader: Client) -> None:
    shared = reader.get("/api/v1/session", headers={"Origin": ALLOWED[0]})
    assert shared.status_code == 200
    assert shared.headers["Access-Control-Allow-Origin"] == ALLOWED[0]
    kept = reader.get("/api/v1/session", headers={"Origin": "https://evil.example"})
    assert CORS.isdisjoint(kept.headers.keys())
    plain = reader.get("/api/v1/session")
    assert CORS.isdisjoint(plain.headers.keys())
    assert plain.headers["Vary"] == shared.headers["Vary"]


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
def test_a_preflight_is_answered_for_the_site(client: Client, method: str) -> None:
    asked = {
        "Origin": ALLOWED[1],
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type",
    }
    answer = client.request("OPTIONS", "/api/v1/sessions", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED[1]
    assert method in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert int(answer.headers["Access-Control-Max-Age"]) <= 7200


@pytest.mark.parametrize("path", ["/login", "/account", "/healthz", "/openapi.json"])
def test_pages_are_shared_with_nobody(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": ALLOWED[0]})
    assert CORS.isdisjoint(answer.headers.keys())


@pytest.mark.case("WEB-03")
@pytest.mark.parametrize(
    "said",
    [
        *({"Origin": origin} for origin in FOREIGN),
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/api/v1/login", "/api/v1/logout", "/api/v1/password/forgot", "/login", "/logout"]
)
def test_no_other_site_changes_anything(client: Client, said: dict[str, str], path: str) -> None:
    answer = client.request("POST", path, json={}, headers={"Origin": None} | said)
    assert answer.status_code == 403
    if path.startswith("/api/"):
        assert answer.json["code"] == "cross_origin_refused"
    else:
        assert "another site" in answer.text


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": OWN},
        {"Origin": ALLOWED[0]},
        {"Origin": ALLOWED[1]},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": ALLOWED[0]},
        {"Sec-Fetch-Site": "cross-site", "Origin": ALLOWED[0]},
        {},
    ],
)
def test_the_site_and_programs_may_sign_in(client: Client, said: dict[str, str]) -> None:
    body = {"email": ADDRESS, "password": PASSWORD}
    assert client.post("/api/v1/login", body, headers={"Origin": None} | said).status_code == 200


@pytest.mark.case("WEB-03")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/logout"),
        ("POST", "/api/v1/password/change"),
        ("DELETE", "/api/v1/sessions"),
        ("DELETE", "/api/v1/sessions/00000000-0000-7000-8000-000000000000"),
    ],
)
@pytest.mark.parametrize("said", [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}])
def test_a_cookie_alone_changes_nothing(reader: Client, method: str, path: str, said: dict[str, str]) -> None:
    answer = reader.request(method, path, json={"new_password": "x"}, headers=said)
    assert (answer.status_code, answer.json["code"]) == (403, "cross_origin_refused")
    assert reader.get("/api/v1/session").status_code == 200


@pytest.mark.case("WEB-05")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "override",
    [{}, {"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "POST"}, {"X-HTTP-Method": "POST"}],
)
@pytest.mark.parametrize("path", ["/api/v1/logout", "/api/v1/password/change"])
def test_no_other_method_changes_anything(
    reader: Client, method: str, path: str, override: dict[str, str]
) -> None:
    answer = reader.request(method, f"{path}?_method=POST", headers={"Origin": OWN, **override})
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert reader.get("/api/v1/session").status_code == 200


@pytest.mark.case("WEB-05")
def test_looking_at_the_sign_out_page_signs_nobody_out(reader: Client) -> None:
    for method in ("GET", "HEAD"):
        assert reader.request(method, "/logout").status_code == 200
    assert reader.get("/api/v1/session").status_code == 200
