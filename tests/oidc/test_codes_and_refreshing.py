"""Codes and refresh tokens become tokens, each once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.flows.grants import GrantRefused
from service.store.schema import AuditRow
from tests.flows.people import count_of
from tests.flows.together import insist
from tests.oidc.test_service_tokens import decoded
from tests.support.people import ADDRESS
from tests.support.relying_party import RelyingParty, a_service, a_site


@pytest.mark.case("OPV-07", "OPV-10")
def test_a_code_is_its_clients_and_needs_its_proofs(service, browser):
    party, other = a_site(service), a_site(service)
    code = party.code(browser)
    wrong = [
        other.redeem(code),
        party.redeem(code, redirect_uri="https://evil.example"),
        party.redeem(code, redirect_uri=""),
        party.redeem(code, code_verifier="y" * 43),
        party.redeem(code, code_verifier="short"),
        party.redeem(code, code_verifier=""),
        party.redeem("nonsense"),
        party.redeem(""),
    ]
    assert {answer.status_code for answer in wrong} == {400}
    assert {answer.json["error"] for answer in wrong} == {"invalid_grant", "invalid_request"}
    assert party.redeem(code).status_code == 200


@pytest.mark.case("OPV-04", "OPV-06")
def test_a_code_is_good_once_for_a_minute_and_its_second_use_ends_what_it_gave(service, browser):
    party = a_site(service)
    code = party.code(browser)
    tokens = party.redeem(code).json
    assert party.introspect(tokens["access_token"])["active"] is True
    again = party.redeem(code)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert party.introspect(tokens["access_token"]) == {"active": False}
    assert party.refresh(tokens["refresh_token"]).status_code == 400
    assert count_of(service, AuditRow, AuditRow.kind == "grant.code_reused") == 1
    grants, late = service.parts.flows.grants, timedelta(seconds=61)
    waiting = party.code(browser)
    assert (
        type(grants)(grants.store, lambda: grants.clock() + late, grants.access).by_code(
            waiting, party.client
        )
        is None
    )


@pytest.mark.case("OPV-05")
def test_of_a_hundred_redemptions_at_once_one_succeeds(service, browser):
    party = a_site(service)
    code = party.code(browser)
    with ThreadPoolExecutor(20) as threads:
        answers = threads.map(lambda _: insist(lambda: a_copy_of(party).redeem(code)), range(100))
        statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(400)) == (1, 99)


@pytest.mark.case("OPV-19", "OPV-21")
def test_a_refresh_token_is_good_once_and_its_second_use_ends_the_family(service, browser):
    party, other = a_site(service), a_site(service)
    first = party.tokens(browser)
    assert party.introspect(first["refresh_token"])["sub"] == decoded(service, first["id_token"])[1]["sub"]
    assert other.introspect(first["refresh_token"]) == {"active": False}
    assert other.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    second = party.refresh(first["refresh_token"]).json
    assert party.introspect(first["refresh_token"]) == {"active": False}
    assert second["refresh_token"] != first["refresh_token"]
    _, claims = decoded(service, second["id_token"])
    assert claims["auth_time"] == decoded(service, first["id_token"])[1]["auth_time"]
    assert "nonce" not in claims
    assert party.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    assert party.refresh(second["refresh_token"]).json["error"] == "invalid_grant"
    assert party.introspect(second["access_token"]) == {"active": False}
    assert count_of(service, AuditRow, AuditRow.kind == "grant.refresh_reused") == 1
    service.deliver()
    (letter,) = service.mailbox.to(ADDRESS)
    assert letter.message["Subject"] == "Sie wurden bei Comments abgemeldet"


@pytest.mark.case("OPV-12")
def test_a_refresh_may_ask_for_less_and_never_for_more(service, browser):
    party = a_site(service)
    tokens = party.tokens(browser, scope="openid email")
    wider = party.refresh(tokens["refresh_token"], scope="openid email profile")
    assert (wider.status_code, wider.json["error"]) == (400, "invalid_scope")
    narrower = party.refresh(tokens["refresh_token"], scope="openid").json
    assert narrower["scope"] == "openid"
    assert set(party.get("/oauth/userinfo", bearer=narrower["access_token"]).json) == {"sub"}
    assert party.refresh(narrower["refresh_token"]).json["scope"] == "openid email"


@pytest.mark.case("OPV-20")
def test_of_fifty_refreshes_at_once_one_succeeds(service, browser):
    party = a_site(service)
    token = party.tokens(browser)["refresh_token"]
    with ThreadPoolExecutor(20) as threads:
        answers = threads.map(lambda _: insist(lambda: a_copy_of(party).refresh(token)), range(50))
        statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(400)) == (1, 49)


@pytest.mark.case("OPV-21")
def test_refresh_tokens_run_out(service, browser):
    party = a_site(service)
    tokens = party.tokens(browser)
    grants = service.parts.flows.grants
    for late in (timedelta(days=14, minutes=1), timedelta(days=31)):
        later = type(grants)(grants.store, lambda late=late: grants.clock() + late, grants.access)
        with pytest.raises(GrantRefused):
            later.refresh(tokens["refresh_token"], party.client, ())
    lasting = a_site(service, grants=("authorization_code",)).tokens(browser)
    assert "refresh_token" not in lasting


@pytest.mark.case("OPV-30")
def test_userinfo_wants_a_good_token_of_a_reader_in_its_place(service, browser):
    party, machine = a_site(service), a_service(service)
    token = party.tokens(browser)["access_token"]
    plain = a_site(service, scopes=("email",)).tokens(browser, scope="email")["access_token"]
    wrong = {
        401: [party.get("/oauth/userinfo"), party.get("/oauth/userinfo", bearer="x")],
        403: [
            party.get("/oauth/userinfo", bearer=machine.own_token()),
            party.get("/oauth/userinfo", bearer=plain),
        ],
        400: [
            party.get(f"/oauth/userinfo?access_token={token}"),
            party.call("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"}, access_token=token),
        ],
    }
    for status, answers in wrong.items():
        for answer in answers:
            assert answer.status_code == status
            assert ("WWW-Authenticate" in answer.headers) == (status != 400)
    assert 'error="insufficient_scope"' in wrong[403][0].headers["WWW-Authenticate"]


@pytest.mark.case("OPV-22")
def test_a_revoked_refresh_token_ends_its_family(service, browser):
    party, other = a_site(service), a_site(service, public=True)
    tokens = party.tokens(browser)
    other.call("/oauth/revoke", headers={}, client_id=other.client.id, token=tokens["refresh_token"])
    assert party.introspect(tokens["access_token"])["active"] is True
    assert party.call("/oauth/revoke", token=tokens["refresh_token"]).status_code == 200
    assert party.introspect(tokens["access_token"]) == {"active": False}
    assert party.refresh(tokens["refresh_token"]).status_code == 400


def a_copy_of(party):
    """The same client calling from another thread."""
    copy = object.__new__(RelyingParty)
    copy.__dict__ |= party.__dict__
    copy._browser = party.service.client()
    copy._browser.headers = {}
    return copy
