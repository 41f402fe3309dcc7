"""The provider's endpoints for programs: discovery, keys, tokens. Errors are those of RFC 6749, as JSON."""

from math import ceil

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, jsonify, request

from service.core.errors import RateLimited, Refusal, Unavailable
from service.http.errors import STATUS, challenge_of
from service.oidc import discovery
from service.oidc.server import provider
from service.oidc.userinfo import about_the_reader

endpoints = Blueprint("openid", __name__)
OPEN_TO_PAGES = {
    "Access-Control-Allow-Origin": "*",  # without credentials: pages bring tokens, never cookies
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After, X-Request-Id",
    "Access-Control-Max-Age": "600",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@endpoints.get("/.well-known/openid-configuration")
def openid_configuration() -> Response:
    return discovery.describe()


@endpoints.get("/.well-known/oauth-authorization-server")
def oauth_authorization_server() -> Response:
    return discovery.describe()


@endpoints.get("/oauth/jwks.json")
def jwks() -> Response:
    return discovery.keys()


@endpoints.post("/oauth/token")
def token() -> Response:
    """Exchange a code, a refresh token or a client's own credentials for tokens."""
    return _answered(provider().create_token_response(request))


@endpoints.post("/oauth/introspect")
def introspect() -> Response:
    """Say whether a token is good, to a client it is for."""
    return _answered(provider().create_endpoint_response("introspection", request))


@endpoints.post("/oauth/revoke")
def revoke() -> Response:
    """End a token."""
    return _answered(provider().create_endpoint_response("revocation", request))


@endpoints.route("/oauth/userinfo", methods=["GET", "POST"])
def userinfo() -> Response:
    """Say who has signed in, as far as the token's scopes allow."""
    return jsonify(about_the_reader(provider().flows))


@endpoints.errorhandler(OAuth2Error)
def refused_by_protocol(error: OAuth2Error) -> Response:
    return _answered(provider().handle_error_response(None, error))


@endpoints.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """Say a refusal of ours in the protocol's words."""
    if (challenge := challenge_of(refusal)) is not None:
        response = jsonify(error=refusal.code)
        response.status_code = STATUS[type(refusal)]
        response.headers["WWW-Authenticate"] = challenge
        return response
    wait = refusal.retry_after if isinstance(refusal, RateLimited | Unavailable) else None
    response = jsonify(error="temporarily_unavailable" if wait else "invalid_request")
    response.status_code = 429 if isinstance(refusal, RateLimited) else 503 if wait else 400
    if wait is not None:
        response.headers["Retry-After"] = str(max(1, ceil(wait.total_seconds())))
    return response


@endpoints.after_request
def open_to_pages(response: Response) -> Response:
    """Let apps in the browser call, from any site (RFC 9700 leaves them no cookies to be abused)."""
    response.headers.update(OPEN_TO_PAGES)
    return response


def _answered(response: object) -> Response:
    assert isinstance(response, Response)
    return response
