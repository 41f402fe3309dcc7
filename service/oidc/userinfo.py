"""What a client is told of the reader who has signed in (OpenID Connect Core, section 5.3)."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import request

from service.core.openid import OPENID, claims_of
from service.core.service_errors import InsufficientScope, InvalidAccessToken
from service.flows import Flows
from service.http.bearer import presented_token


def about_the_reader(flows: Flows) -> dict[str, Any]:
    """The claims the token's scopes allow.

    Raises `InvalidAccessToken`, `InsufficientScope` and, for a token in the address, `InvalidRequestError`.
    """
    if "access_token" in request.args:
        raise InvalidRequestError("A token does not belong into an address.")
    in_header, in_form = presented_token(), request.form.getlist("access_token")
    if len(in_form) + (in_header is not None) > 1:
        raise InvalidRequestError("The token is given twice.")
    token = in_header or (in_form[0] if in_form else None)
    if token is None:
        raise InvalidAccessToken
    caller = flows.access.require(token, OPENID)
    if caller.user is None:
        raise InsufficientScope(OPENID)
    return claims_of(caller.user, caller.scopes)
