"""What other programs read of the provider: its description and its keys, through every rotation."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.core.directory import AuditQuestion
from service.flows.signing_keys import KEPT_AFTER_USE, PUBLISHED_BEFORE_USE, USED_FOR, SigningKeys
from tests.oidc.test_service_tokens import decoded
from tests.support.people import VISIT
from tests.support.relying_party import a_service

WELL_KNOWN = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")


@pytest.mark.case("OPV-16", "OPV-29", "OPV-36")
def test_the_description_comes_from_the_settings_and_is_kept_for_a_while(service):
    browser = service.client()
    for path in WELL_KNOWN:
        answer = browser.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        found = answer.json
        assert found["issuer"] == service.settings.public_url
        assert all(
            found[name].startswith(found["issuer"]) for name in found if name.endswith(("_endpoint", "_uri"))
        )
        assert "evil" not in answer.text
        assert (found["response_types_supported"], found["code_challenge_methods_supported"]) == (
            ["code"],
            ["S256"],
        )
        assert found["authorization_response_iss_parameter_supported"] is True
        assert "registration_endpoint" not in found
        assert answer.headers["Cache-Control"] == "public, max-age=900"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/oauth/register", "/connect/register"):
        assert browser.post(path, {}).status_code == 404


@pytest.mark.case("OPV-27")
def test_the_keys_show_nothing_private(service):
    answer = service.client().get("/oauth/jwks.json")
    (key,) = answer.json["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["crv"], key["use"], key["alg"]) == ("P-256", "sig", "ES256")
    assert "max-age" in answer.headers["Cache-Control"]
    with service.parts.store.read() as uow:
        (kept,) = uow.signing_keys.all()
    assert "PRIVATE" not in kept.private


class Later:
    """A clock that can be set forward."""

    def __init__(self, clock):
        self.clock, self.ahead = clock, timedelta()

    def __call__(self):
        return self.clock() + self.ahead


@pytest.mark.case("OPV-28")
def test_the_next_key_is_published_before_it_signs_and_the_last_one_stays_for_its_tokens(service):
    parts, kept = service.parts, service.parts.flows.signing_keys
    clock = Later(parts.clock)
    keys = SigningKeys(parts.store, clock, kept._vault, kept._signer)
    first = keys.pen().kid
    second = keys.rotate().kid
    assert keys.rotate().kid == second  # one waits already
    assert [key.kid for key, _ in keys.list()] == [second, first]
    assert [state.value for _, state in keys.list()] == ["next", "active"]
    assert keys.pen().kid == first
    clock.ahead = PUBLISHED_BEFORE_USE + timedelta(seconds=1)
    assert keys.pen().kid == second
    assert [state.value for _, state in keys.list()] == ["active", "retired"]
    clock.ahead += KEPT_AFTER_USE
    assert [public["kid"] for public in keys.published()] == [second]
    keys.look_after()
    with parts.store.read() as uow:
        assert [key.kid for key in uow.signing_keys.all()] == [second]
    clock.ahead += USED_FOR
    keys.look_after()
    assert [state.value for _, state in keys.list()] == ["next", "active"]
    third = keys.rotate(at_once=True).kid
    assert keys.pen().kid == third


def test_every_key_is_audited_with_who_asked_for_it(service):
    flows = service.parts.flows
    kids = [flows.signing_keys.pen().kid, flows.signing_keys.rotate(visit=VISIT, by="staff").kid]
    asked = AuditQuestion(kind="key.published")
    audited = flows.directory.events(asked, cursor=None, limit=10).items[::-1]
    assert [event.data["kid"] for event in audited] == kids
    assert [event.data.get("by") for event in audited] == [None, "staff"]


def test_processes_that_need_the_first_key_at_once_agree_on_one(service):
    kept = service.parts.flows.signing_keys
    rings = [
        SigningKeys(service.parts.store, service.parts.clock, kept._vault, kept._signer) for _ in range(8)
    ]
    with ThreadPoolExecutor(8) as threads:
        kids = set(threads.map(lambda ring: ring.pen().kid, rings))
    assert len(kids) == 1


def test_a_key_nobody_can_open_any_more_is_replaced(make_service, database):
    before = make_service(database)
    party = a_service(before)
    old = party.own_token()
    after = make_service(database, secret_keys="another secret that is long enough 0123456789")
    party.service, party._browser = after, after.client()
    party._browser.headers = {}
    header, claims = decoded(after, party.own_token())
    assert header["kid"] != decoded(after, old)[0]["kid"]
    assert claims["exp"] > time.time()
