"""The guard before calls for services: a token in the header, good here, with the scope; or a challenge."""

import pytest
from flask import jsonify

from service.http.bearer import require_scope
from tests.support.relying_party import a_service


@pytest.mark.case("ADM-01")
def test_a_call_for_services_asks_for_a_token_with_its_scope(make_service, sqlite_url):
    service = make_service(sqlite_url)
    service.app.add_url_rule(
        "/api/v1/probe", view_func=lambda: jsonify(caller=require_scope("users:read").client_id)
    )
    party, other = a_service(service, "users:read"), a_service(service, "mail:read")
    good = party.get("/api/v1/probe", bearer=party.own_token())
    assert (good.status_code, good.json) == (200, {"caller": party.client.id})
    for answer in (
        party.get("/api/v1/probe"),
        party.get("/api/v1/probe", bearer="x"),
        party.get(f"/api/v1/probe?access_token={party.own_token()}"),
        party._browser.request("GET", "/api/v1/probe", headers=party.basic),
    ):
        assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    refused = party.get("/api/v1/probe", bearer=other.own_token())
    assert (refused.status_code, refused.json["code"]) == (403, "insufficient_scope")
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="users:read"'
