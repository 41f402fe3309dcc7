"""Tokens services get in their own name, what is told of them, and how they end."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from service.core.service_errors import InsufficientScope, InvalidAccessToken
from service.core.values import digest
from tests.support.people import VISIT
from tests.support.relying_party import RelyingParty, a_service


def decoded(service, token):
    """A token's header and claims, its signature checked with the published keys."""
    keys = KeySet.import_key_set(service.client().get("/oauth/jwks.json").json)
    found = jwt.decode(token, keys, ["ES256"])
    return found.header, found.claims


def test_an_access_token_is_a_signed_jwt_by_rfc_9068(service):
    party = a_service(service, "users:read", "mail:read")
    answer = party.call("/oauth/token", grant_type="client_credentials", scope="users:read")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 600, "users:read")
    assert "refresh_token" not in body
    header, claims = decoded(service, body["access_token"])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    issuer = service.settings.public_url
    assert (claims["iss"], claims["sub"], claims["client_id"]) == (issuer, party.client.id, party.client.id)
    assert (claims["aud"], claims["scope"]) == ([issuer, party.client.id], "users:read")
    assert 0 < claims["exp"] - time.time() <= 600
    assert party.introspect(body["access_token"]) == {
        "active": True,
        "token_type": "Bearer",
        **{name: claims[name] for name in ("iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp")},
    }


@pytest.mark.case("OPV-12")
def test_what_a_client_was_not_registered_for_it_does_not_get(service):
    party = a_service(service, "users:read", "openid", grants=("client_credentials",))
    for scope in ("users:write", "users:read users:write", "openid", "users:readx", '"'):
        answer = party.call("/oauth/token", grant_type="client_credentials", scope=scope)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope"), scope
    assert party.call("/oauth/token", grant_type="client_credentials").json["scope"] == "users:read"


@pytest.mark.case("OPV-14")
@pytest.mark.parametrize("grant", ["password", "implicit", "urn:x", 'a"b', "", "authorization_code\\"])
def test_other_grants_are_not_supported(service, grant):
    party = a_service(service)
    answer = party.call("/oauth/token", grant_type=grant, username="a", password="b")
    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")


@pytest.mark.case("OPV-11")
def test_a_client_proves_who_it_is_in_one_way_and_every_failure_answers_alike(service):
    party, public = (
        a_service(service),
        RelyingParty(service, public=True, redirect_uris=("http://127.0.0.1/",)),
    )
    form = {"grant_type": "client_credentials"}
    posted = {"client_id": party.client.id, "client_secret": party.secret}
    assert party.call("/oauth/token", **form).status_code == 200
    assert party.call("/oauth/token", headers={}, **form, **posted).status_code == 200
    answers = [
        party.call("/oauth/token", **form, **posted),  # both at once
        party.call("/oauth/token", headers={}, **form),
        party.call("/oauth/token", headers={}, **form, client_id=party.client.id),
        party.call("/oauth/token", headers={}, **form, client_id=public.client.id),
        party.call("/oauth/token", headers={}, **form, **posted | {"client_secret": "wrong"}),
        party.call("/oauth/token", headers={}, **form, **posted | {"client_id": "nobody"}),
        party.call("/oauth/token", headers={"Authorization": "Basic /w=="}, **form),
        party.call("/oauth/token", headers={"Authorization": "Basic %%%"}, **form),
        party.call("/oauth/token", headers=party.basic, **form, client_assertion="x"),
    ]
    party.service.parts.flows.clients.disable(party.client.id, VISIT)
    answers.append(party.call("/oauth/token", **form))
    assert {(answer.status_code, answer.json["error"]) for answer in answers} == {(401, "invalid_client")}
    assert len({answer.data for answer in answers}) == 1
    assert all(answer.headers["WWW-Authenticate"].startswith("Basic") for answer in answers)


@pytest.mark.case("OPV-11")
def test_guessing_a_secret_is_throttled(make_service, sqlite_url):
    service = make_service(sqlite_url, rate_limit_scale=1)
    party = a_service(service)
    form = {"grant_type": "client_credentials", "client_id": party.client.id}
    answers = [party.call("/oauth/token", headers={}, **form, client_secret=f"{n}") for n in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    assert answers[-1].headers["Retry-After"]
    assert answers[-1].is_json


@pytest.mark.case("OPV-11", "OPV-32")
def test_parameters_are_in_the_body_and_given_once(service):
    party = a_service(service)
    in_query = party.call(
        f"/oauth/token?client_id={party.client.id}&client_secret={party.secret}",
        headers={},
        grant_type="client_credentials",
    )
    twice = party._browser.request(
        "POST",
        "/oauth/token",
        data="grant_type=client_credentials&grant_type=client_credentials",
        headers=party.basic | {"Content-Type": "application/x-www-form-urlencoded"},
    )
    for answer in (in_query, twice):
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.case("OPV-11")
def test_a_client_can_sign_its_proof_and_each_is_good_once(service):
    key = ECKey.generate_key("P-256")
    party = a_service(service, jwks={"keys": [key.as_dict(private=False)]})
    assert party.secret is None

    def prove(signed_with=key, **changes):
        claims = {
            "iss": party.client.id,
            "sub": party.client.id,
            "aud": f"{service.settings.public_url}/oauth/token",
            "jti": f"{time.monotonic_ns()}",
            "exp": int(time.time()) + 60,
        } | changes
        proof = jwt.encode({"alg": "ES256"}, {k: v for k, v in claims.items() if v is not None}, signed_with)
        return party.call(
            "/oauth/token",
            headers={},
            grant_type="client_credentials",
            client_assertion=proof,
            client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ).status_code

    assert prove(jti="once") == 200
    refused = [
        prove(jti="once"),
        prove(signed_with=ECKey.generate_key("P-256")),
        prove(aud="https://elsewhere.example"),
        prove(exp=int(time.time()) - 120),
        prove(exp=int(time.time()) + 90000),
        prove(sub="nobody", iss="nobody"),
        prove(iss="nobody"),
        prove(jti=None),
        prove(sub=None),
        prove(exp="soon"),
    ]
    assert refused == [401] * len(refused)


@pytest.mark.case("OPV-23", "ENU-11")
def test_only_a_client_a_token_is_for_learns_anything_of_it(service):
    party, other = a_service(service), a_service(service)
    token = party.own_token()
    for stranger in (other.introspect(token), other.introspect("garbage")):
        assert stranger == {"active": False}
    for headers in ({}, {"Authorization": "Basic bm9ib2R5Ong="}):
        assert party.call("/oauth/introspect", headers=headers, token=token).status_code == 401
    reader = a_service(service, audiences=(other.client.id,))
    assert other.introspect(reader.own_token())["client_id"] == reader.client.id


@pytest.mark.case("DOS-10")
def test_what_is_no_proof_costs_nothing(service):
    party = a_service(service)
    bomb = "eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJwMmMiOjEwMDAwMDAwMDAsImVuYyI6IkEyNTZHQ00ifQ"
    for proof in (
        f"{bomb}.a.b.c.d",
        f"{bomb}.e30.x",
        "x" * 60_000,
        ".",
        "e30.e30.",
        "\u00e9.e30.x",
        "eyJ9.W10.x",
    ):
        answer = party.call(
            "/oauth/token",
            headers={},
            grant_type="client_credentials",
            client_assertion=proof,
            client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        )
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), proof[:20]


@pytest.mark.case("OPV-24", "OPV-26")
def test_what_is_no_access_token_is_not_active(service):
    party = a_service(service)
    token = party.own_token()
    keys = service.parts.flows.signing_keys
    forged = keys.pen().sign({"sub": party.client.id, "aud": [party.client.id]}, kind="at+jwt")
    for wrong in ("", "x", "é", "a.b.c", token[:-1], token + "A", forged, "x" * 60_000):
        answer = party.call("/oauth/introspect", token=wrong)
        assert answer.json == {"active": False} if wrong else answer.status_code == 400, wrong[:20]
    assert party.call("/oauth/introspect", token="x" * 1_000_000).status_code == 413


def test_tokens_end_with_their_time(service, monkeypatch):
    party = a_service(service)
    token = party.own_token()
    store = service.parts.store
    late = datetime.now(UTC) + timedelta(minutes=10)
    assert store.calling(digest(token), datetime.now(UTC)) is not None
    assert store.calling(digest(token), late) is None
    with store.write() as uow:
        assert uow.access_tokens.purge(late) == 1


@pytest.mark.case("OPV-22")
def test_a_client_ends_its_own_tokens_and_nobody_elses(service):
    party, other = a_service(service), a_service(service)
    token = party.own_token()
    assert other.call("/oauth/revoke", token=token).status_code == 200
    assert party.introspect(token)["active"] is True
    assert party.call("/oauth/revoke", token="garbage", token_type_hint="nonsense").status_code == 200
    assert party.call("/oauth/revoke", token=token).status_code == 200
    assert party.introspect(token) == {"active": False}
    assert party.call("/oauth/revoke", headers={}, token=token).status_code == 401


@pytest.mark.case("OPV-26", "ADM-01")
def test_our_own_api_asks_for_a_scope(service):
    access = service.parts.flows.access
    party = a_service(service, "users:read")
    token = party.own_token()
    caller = access.require(token, "users:read")
    assert (caller.client_id, caller.subject, caller.scopes) == (
        party.client.id,
        party.client.id,
        ("users:read",),
    )
    with pytest.raises(InsufficientScope):
        access.require(token, "users:write")
    id_token = service.parts.flows.signing_keys.pen().sign({"sub": "x", "aud": party.client.id}, kind="JWT")
    for wrong in (id_token, token[:-2], "", json.dumps({})):
        with pytest.raises(InvalidAccessToken):
            access.require(wrong, "users:read")
    service.parts.flows.clients.disable(party.client.id, VISIT)
    with pytest.raises(InvalidAccessToken):
        access.require(token, "users:read")
