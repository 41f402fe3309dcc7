"""The OpenID provider: Authlib speaks OAuth 2.0 and OpenID Connect to other services, the flows decide.

`register` puts it on an application. Without this folder, and its line in `service.app`, Masthead is none.
"""

from flask import Blueprint, Flask

from service.flows import Flows
from service.oidc.endpoints import endpoints
from service.oidc.server import NAME, Provider
from service.oidc.service_tokens import ServiceTokens
from service.oidc.token_endpoints import Introspection, Revocation

FROM_ANYWHERE = ("openid.token", "openid.introspect", "openid.revoke")


def register(app: Flask, flows: Flows, issuer: str) -> list[Blueprint]:
    """Add the provider; return the blueprints whose calls carry proofs of their own, and no form's token."""
    server = Provider(flows, issuer)
    server.register_grant(ServiceTokens)
    server.register_endpoint(Introspection)
    server.register_endpoint(Revocation)
    app.extensions[NAME] = server
    app.register_blueprint(endpoints)
    return [endpoints]
