"""The OpenID Foundation's plans "Basic OP", "Config OP" and "RP-Initiated Logout OP", re-expressed as tables.

This is no certification. One thing it would ask for is known to be missing: ID tokens signed by RS256 (OpenID Connect
Discovery, section 3, wants it among the algorithms offered; ours are ES256).
"""

import pytest

from tests.oidc.conformance import basic_op, logout_op
from tests.oidc.conformance.world import World

REQUIRED = (
    *("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"),
    *("response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"),
    *("scopes_supported", "claims_supported", "end_session_endpoint"),
)


@pytest.mark.case("OPV-04", "OPV-16", "OPV-17", "OPV-30")
def test_every_module_of_basic_op_passes(service):
    world = World(service)
    assert [name for name, passes in basic_op.MODULES.items() if not passes(world)] == []
    assert len(basic_op.MODULES) == 34


@pytest.mark.case("OPV-34")
def test_every_module_of_rp_initiated_logout_passes(service):
    world = World(service)
    assert [name for name, passes in logout_op.MODULES.items() if not passes(world)] == []
    assert len(logout_op.MODULES) == 11


@pytest.mark.case("OPV-27", "OPV-29")
def test_the_configuration_is_what_config_op_verifies(make_service, sqlite_url):
    service = make_service(sqlite_url)
    found = service.client().get("/.well-known/openid-configuration").json
    assert [name for name in REQUIRED if name not in found] == []
    assert "openid" in found["scopes_supported"]
    assert "code" in found["response_types_supported"]
    assert "public" in found["subject_types_supported"]
    paths = {name: url for name, url in found.items() if name.endswith("_endpoint") or name == "jwks_uri"}
    for name, url in paths.items():
        path = url.removeprefix(found["issuer"])
        statuses = {service.client().request(method, path).status_code for method in ("GET", "POST")}
        assert 404 not in statuses, name
