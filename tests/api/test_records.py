"""Looking back: what became of letters, and what happened to accounts."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.api.conftest import field_errors, refusal
from tests.flows.people import STAFF, log_in
from tests.support.caller import USERS, Caller
from tests.support.people import ADDRESS, add_reader, signed_in

EVENTS = "/api/v1/audit-events"


@pytest.fixture
def support(service):
    return Caller(service, "mail:read", "audit:read")


def test_support_sees_what_became_of_a_letter_by_account_and_by_address(service, support):
    user = add_reader(service)
    service.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    service.client().post("/api/v1/password/forgot", {"email": "nobody@example.org"})
    service.deliver()
    timeline = support.get(f"{USERS}/{user.id}/mail").json
    assert timeline["address"] == ADDRESS
    assert timeline["suppression"] is None
    assert [entry["what"] for entry in timeline["entries"]] == ["requested", "sent"]
    requested, sent = timeline["entries"]
    assert requested["row_id"] == sent["row_id"]
    assert sent["letter"] == "password_reset"
    assert sent["detail"].startswith("250 ")
    assert support.get("/api/v1/mail?email=READER%40example.org").json == timeline
    stranger = support.get("/api/v1/mail?email=nobody%40example.org").json
    assert [entry["what"] for entry in stranger["entries"]] == ["requested", "no_account"]
    service.parts.flows.suppressions.suppress(ADDRESS, STAFF)
    assert support.get(f"{USERS}/{user.id}/mail").json["suppression"]["reason"] == "manual"


@pytest.mark.case("ADM-07", "ADM-08", "ADM-09")
def test_a_timeline_is_of_an_account_or_an_address_and_of_nothing_else(service, support):
    assert refusal(support.get(f"{USERS}/{uuid4()}/mail")) == (404, "not_found")
    assert refusal(support.get(f"{USERS}/x/mail")) == (404, "not_found")
    assert field_errors(support.get("/api/v1/mail")) == [("email", "invalid_email")]
    assert field_errors(support.get("/api/v1/mail?email=x")) == [("email", "invalid_email")]
    assert field_errors(support.get(f"/api/v1/mail?email={ADDRESS}&answer=250")) == [
        ("answer", "unknown_field")
    ]


def events(support, **query):
    answer = support.get(f"{EVENTS}?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return answer.json["events"]


def test_the_audit_trail_comes_newest_first_and_page_by_page(service, support):
    ada, grace = add_reader(service), add_reader(service, "grace@example.org")
    signed_in(service)
    log_in(service.client(), password="wrong")
    everything = events(support, limit=100)
    kinds = [event["kind"] for event in everything]
    assert kinds[:2] == ["login.failed", "session.created"]
    seen, cursor = [], None
    while cursor != "":
        page = support.get(
            f"{EVENTS}?{urlencode({'limit': 2} | ({'cursor': cursor} if cursor else {}))}"
        ).json
        seen += page["events"]
        cursor = page["next_cursor"] or ""
    assert seen == everything
    assert [event["at"] for event in seen] == sorted((event["at"] for event in seen), reverse=True)
    of_ada = events(support, user_id=str(ada.id))
    assert {event["user_id"] for event in of_ada} == {str(ada.id)}
    (created,) = events(support, user_id=str(grace.id), kind="user.created")
    assert (created["ip"], created["agent"], created["data"]) == (STAFF.ip, STAFF.agent, {"by": "staff"})
    now = datetime.now(UTC)
    tomorrow, yesterday = (now + timedelta(days=1)).isoformat(), (now - timedelta(days=1)).isoformat()
    assert events(support, since=yesterday, until=tomorrow, limit=100) == everything
    assert events(support, since=tomorrow) == events(support, until=yesterday) == []
    assert "password" not in "".join(str(event["data"]) for event in everything)


@pytest.mark.case("ADM-07", "ADM-08")
def test_only_what_is_offered_can_be_asked_of_the_audit_trail(service, support):
    for query, problem in {
        "ip=192.0.2.7": ("ip", "unknown_field"),
        "user_id=x": ("user_id", "invalid_type"),
        "kind=%00": ("kind", "invalid_text"),
        "since=yesterday": ("since", "invalid_type"),
        "since=2026-01-01T00:00:00": ("since", "invalid_type"),
        "until=0001-01-01T00:00:00%2B14:00": ("until", "invalid_type"),
        "cursor=AAAA": ("cursor", "invalid_cursor"),
        "cursor=_________________w": ("cursor", "invalid_cursor"),
    }.items():
        assert field_errors(support.get(f"{EVENTS}?{query}")) == [problem], query
