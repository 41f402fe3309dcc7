"""The OpenID provider: Authlib speaks OAuth 2.0 and OpenID Connect to other services, the flows decide.

`register` puts it on an application. Without this folder, and its line in `service.app`, Masthead is none.
"""

from flask import Flask
from flask_wtf import CSRFProtect

from service.flows import Flows
from service.oidc import authorize, logout
from service.oidc.codes import S256, Codes, Refreshing
from service.oidc.endpoints import endpoints
from service.oidc.id_tokens import IdTokens
from service.oidc.server import NAME, Provider
from service.oidc.service_tokens import ServiceTokens
from service.oidc.token_endpoints import Introspection, Revocation

FROM_ANYWHERE = (
    *("openid.token", "openid.introspect", "openid.revoke", "openid.userinfo"),
    *("openid_pages.authorize_by_form", "openid_logout.log_out_by_form"),
)


def register(app: Flask, csrf: CSRFProtect, flows: Flows, issuer: str) -> None:
    """Add the provider. Calls that carry proofs of their own bring no form's token along."""
    server = Provider(flows, issuer)
    server.register_grant(Codes, [S256(), IdTokens()])
    server.register_grant(Refreshing, [IdTokens()])
    server.register_grant(ServiceTokens)
    server.register_endpoint(Introspection)
    server.register_endpoint(Revocation)
    app.extensions[NAME] = server
    app.register_blueprint(endpoints)
    app.register_blueprint(authorize.pages)
    app.register_blueprint(logout.pages)
    for endpoint in FROM_ANYWHERE:
        csrf.exempt(app.view_functions[endpoint])
