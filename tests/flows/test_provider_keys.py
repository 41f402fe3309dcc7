"""A provider's keys and documents: rotated, missing, broken, slow, or of somebody else."""

import time

import pytest

from tests.flows.at_providers import me, sign_in, with_id_token
from tests.flows.people import join, log_in


@pytest.fixture
def service(make_service, sqlite_url, google):
    return make_service(sqlite_url, **google.settings)


@pytest.mark.case("OAC-42")
@pytest.mark.parametrize("keep_old", [True, False])
def test_a_key_rotated_just_before_use_is_fetched_once(service, google, keep_old):
    assert sign_in(service.client(), google).status_code == 303
    google.rotate_keys(keep_old=keep_old)
    assert sign_in(service.client(), google).status_code == 303
    assert sign_in(service.client(), google).status_code == 303
    assert len(google.asked("jwks")) == 2


@pytest.mark.case("OAC-15")
def test_a_thousand_unknown_keys_cost_one_look(service, google):
    browser = service.client()
    for number in range(1000):
        assert (
            with_id_token(browser, google, google.id_token(header={"kid": f"k{number}"})).status_code == 401
        )
    assert len(google.asked("jwks")) == 2
    assert with_id_token(browser, google).status_code == 200


@pytest.mark.case("OAC-14")
def test_a_token_without_a_key_id_is_tried_with_every_key(service, google):
    def nameless():
        google.mutate(header=lambda header: header.pop("kid"))
        return sign_in(service.client(), google)

    assert nameless().status_code == 303
    google.heal()
    google.rotate_keys()
    assert sign_in(service.client(), google).status_code == 303
    assert nameless().status_code == 303


@pytest.mark.case("OAC-43")
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 200, "body": "<html>"},
        {"status": 200, "body": "[]"},
        {"status": 200, "body": '{"keys": 5}'},
        {"status": 200, "body": "[" * 30_000},
        {"huge": True},
        {"delay": 10},
        {"redirect": "http://127.0.0.1:9/keys"},
    ],
    ids=lambda fault: next(iter(fault)) + str(fault.get("body", ""))[:6],
)
@pytest.mark.parametrize("endpoint", ["jwks", "discovery"])
def test_without_keys_nobody_comes_in_and_others_do(service, google, endpoint, fault):
    join(service)
    token = google.id_token()
    google.fault(endpoint, **fault)
    begun = time.monotonic()
    answer = with_id_token(service.client(), google, token)
    assert time.monotonic() - begun < 5
    assert answer.status_code in (401, 503)
    assert log_in(service.client()).status_code == 200
    assert len(google.asked(endpoint)) == 1


@pytest.mark.case("OAC-43")
@pytest.mark.parametrize("endpoint", ["jwks", "discovery"])
def test_kept_keys_serve_on(service, google, endpoint, monkeypatch):
    assert sign_in(service.client(), google).status_code == 303
    monkeypatch.setattr("service.adapters.providers.documents.FRESH", 0.0)
    google.fault(endpoint, status=500)
    assert sign_in(service.client(), google).status_code == 303


@pytest.mark.case("OAC-44")
@pytest.mark.parametrize("issuer", ["https://attacker.example", "", None, "slash"])
def test_a_discovery_of_another_issuer_is_refused(service, google, issuer):
    told = f"{google.url}/" if issuer == "slash" else issuer
    google.mutate(discovery=lambda found: found.update(issuer=told))
    assert service.client().get("/login/google").status_code == 503
    assert with_id_token(service.client(), google).status_code == 503
    assert google.asked("jwks") == []


@pytest.mark.case("OAC-45")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_the_token_endpoint_is_not_followed(service, google, make_issuer, status):
    elsewhere = make_issuer("plain", name="elsewhere")
    google.fault("token", status=status, redirect=f"{elsewhere.url}/token")
    browser = service.client()
    assert sign_in(browser, google).status_code == 503
    assert me(browser) is None
    assert elsewhere.requests == []
