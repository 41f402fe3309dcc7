"""Services that call with an access token: `Authorization: Bearer` (RFC 6750), and never in any other way."""

from flask import request

from service.core.openid import Caller
from service.core.service_errors import InvalidAccessToken
from service.http.requests import flows


def presented_token() -> str | None:
    """The access token of the header, None for none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def require_scope(scope: str) -> Caller:
    """Who calls, with a token that is good here and allows `scope`.

    Raises `InvalidAccessToken` (401), `InsufficientScope` (403) and `Unavailable`.
    """
    token = presented_token()
    if token is None:
        raise InvalidAccessToken
    return flows().access.require(token, scope)
