"""GET /sessions, DELETE /sessions/{id}, DELETE /sessions."""

import pytest

from tests.api.conftest import refusal
from tests.support.people import add_reader, signed_in
from tests.support.service import Client, Service

SESSIONS = "/api/v1/sessions"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"
)


def test_the_list_has_the_fields_of_the_contract(service: Service, reader: Client) -> None:
    reader.headers |= {"User-Agent": PHONE}
    phone = service.client()
    phone.headers |= {"User-Agent": PHONE}
    phone.post("/api/v1/login", {"email": "reader@example.org", "password": "sepia lantern forty-two"})
    answer = reader.get(SESSIONS)
    assert answer.status_code == 200
    assert isinstance(answer.json, list)
    for session in answer.json:
        assert list(session) == ["id", "current", "created_at", "last_seen_at", "ip", "device"]
    newest, first = answer.json
    assert (newest["current"], first["current"]) == (False, True)
    assert newest["device"] == "Safari on iPhone"
    assert newest["ip"] == "127.0.0.1"
    assert first["id"] == reader.get("/api/v1/session").json["session"]["id"]


def test_one_session_can_be_ended_once(service: Service, reader: Client) -> None:
    other = signed_in(service)
    other_id = other.get("/api/v1/session").json["session"]["id"]
    answer = reader.delete(f"{SESSIONS}/{other_id}")
    assert (answer.status_code, answer.data) == (204, b"")
    assert other.get("/api/v1/session").status_code == 401
    assert refusal(reader.delete(f"{SESSIONS}/{other_id}")) == (404, "not_found")
    assert len(reader.get(SESSIONS).json) == 1


@pytest.mark.case("ADM-09")
@pytest.mark.parametrize(
    "made_up", ["x", "00000000-0000-7000-8000-000000000000", "%00", "' OR 1=1--", "x" * 3000, "ü", "1"]
)
def test_a_session_that_is_not_there_is_a_404(reader: Client, made_up: str) -> None:
    assert refusal(reader.delete(f"{SESSIONS}/{made_up}")) == (404, "not_found")
    assert reader.get("/api/v1/session").status_code == 200


@pytest.mark.case("ADM-09")
def test_somebody_elses_session_is_not_there_either(service: Service, reader: Client) -> None:
    add_reader(service, "other@example.org")
    other = signed_in(service, "other@example.org")
    other_id = other.get("/api/v1/session").json["session"]["id"]
    assert refusal(reader.delete(f"{SESSIONS}/{other_id}")) == (404, "not_found")
    assert other.get("/api/v1/session").status_code == 200
    assert [session["id"] for session in other.get(SESSIONS).json] == [other_id]


def test_all_others_can_be_ended_at_once(service: Service, reader: Client) -> None:
    others = [signed_in(service) for _ in range(2)]
    before = reader.get("/api/v1/session").json["session"]["id"]
    answer = reader.delete(SESSIONS)
    assert (answer.status_code, answer.data) == (204, b"")
    assert [other.get("/api/v1/session").status_code for other in others] == [401, 401]
    assert reader.get("/api/v1/session").json["session"]["id"] == before


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("DELETE", "/x")])
def test_nobody_has_sessions(client: Client, method: str, path: str) -> None:
    assert refusal(client.request(method, SESSIONS + path)) == (401, "unauthenticated")
