"""What the client's server asks: metadata, keys, tokens, userinfo, revocation."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import partial

from flask import Flask, Response, jsonify, request

from service.fake_provider.errors import Mistaken
from service.fake_provider.issuer import Issuer, Json
from service.fake_provider.kinds import Kind
from service.fake_provider.ledger import Grant


def register(app: Flask, issuer: Issuer) -> None:
    """Add the endpoints the kind has; `Traits.paths` says where."""
    for name, (method, view) in VIEWS.items():
        if path := issuer.traits.paths.get(name):
            app.add_url_rule(path, name, partial(view, issuer), methods=[method])


def token(issuer: Issuer) -> Json:
    """Exchange a code, or a refresh token, for an ID token (OpenID Connect Core 3.1.3)."""
    authenticate(issuer)
    kind = request.form.get("grant_type")
    if kind == "authorization_code":
        return issuer.token_response(redeemed(issuer))
    if kind == "refresh_token":
        grant = issuer.ledger.refreshed(request.form.get("refresh_token", ""))
        if grant is None:
            raise Mistaken("invalid_grant", "The refresh token is unknown or revoked.")
        return issuer.token_response(grant, refreshed=True)
    raise Mistaken("unsupported_grant_type", "grant_type must be authorization_code or refresh_token.")


def userinfo(issuer: Issuer) -> Json:
    bearer = request.authorization
    access_token = bearer.token if bearer is not None and bearer.type == "bearer" else None
    grant = issuer.ledger.holder(access_token or "", issuer.clock())
    if grant is None:
        raise Mistaken("invalid_token", "The access token is unknown, expired or revoked.", 401)
    return issuer.userinfo(grant)


def revoke(issuer: Issuer) -> Response:
    """Revoke a token, and all others of its person; an unknown one is no mistake (RFC 7009 2.2)."""
    if issuer.kind is not Kind.GOOGLE:  # whoever holds a token of Google's may end it
        authenticate(issuer)
    if not request.form.get("token"):
        raise Mistaken("invalid_request", "token is missing.")
    issuer.revoke(request.form["token"])
    return Response(status=200)


VIEWS: dict[str, tuple[str, Callable[[Issuer], Json | Response]]] = {
    "discovery": ("GET", lambda issuer: issuer.discovery()),
    "risc": ("GET", lambda issuer: issuer.risc_configuration()),
    "jwks": ("GET", lambda issuer: issuer.jwks()),
    "token": ("POST", token),
    "userinfo": ("GET", userinfo),
    "revoke": ("POST", revoke),
}


def authenticate(issuer: Issuer) -> None:
    """Make sure the client is who it says. Raises `Mistaken`."""
    if issuer.kind is Kind.APPLE:
        issuer.client.check_signed_secret(request.form, issuer.url, issuer.clock())
    else:
        issuer.client.check_secret(request.authorization, request.form)


def redeemed(issuer: Issuer) -> Grant:
    """Spend the code. Raises `Mistaken` unless it is new, for this address, and the verifier fits (RFC 7636)."""
    grant = issuer.ledger.spend_code(request.form.get("code", ""), issuer.clock())
    if grant is None:
        raise Mistaken("invalid_grant", "The code is unknown, expired or was used before.")
    if request.form.get("redirect_uri") != grant.request.redirect_uri:
        raise Mistaken("invalid_grant", "redirect_uri is not the one of the authorization request.")
    digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(challenge, grant.request.code_challenge):
        raise Mistaken("invalid_grant", "code_verifier does not fit the code_challenge.")
    return grant


def refuse(mistake: Mistaken) -> tuple[Response, int]:
    """Answer in the words of RFC 6749 5.2 and RFC 6750 3."""
    response = jsonify(error=mistake.error, error_description=mistake.description)
    if mistake.status == 401:
        scheme = "Bearer" if request.endpoint == "userinfo" else "Basic"
        response.headers["WWW-Authenticate"] = f'{scheme} realm="fake", error="{mistake.error}"'
    return response, mistake.status
