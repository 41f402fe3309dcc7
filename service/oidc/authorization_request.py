"""What a client asks for when it sends a reader: read and checked, by Authlib where Authlib is strict enough.

A client or an address nobody registered ends in a page. Whatever else is wrong is told to the client, at exactly
the address it registered (RFC 6749, section 4.1.2.1; RFC 9700, section 4.11).
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError, UnsupportedResponseTypeError
from authlib.oidc.core.errors import (
    RegistrationNotSupportedError,
    RequestNotSupportedError,
    RequestURINotSupportedError,
)
from werkzeug.datastructures import MultiDict

from service.core.return_urls import LONGEST_URL
from service.core.service_errors import InvalidAuthorizationRequest
from service.flows.authorization import Prompt, Wish, scopes_for_reader
from service.oidc.id_tokens import KIND
from service.oidc.requests import Request, single
from service.oidc.server import Provider

UNSUPPORTED = {
    "request": RequestNotSupportedError,
    "request_uri": RequestURINotSupportedError,
    "registration": RegistrationNotSupportedError,
}
NOTE = "asked"  # our own parameter, see `Authorization.note`
LONGEST_AGE = 10 * 365 * 24 * 3600  # seconds
DROPPED_ON_THE_WAY = ("id_token_hint", "login_hint", NOTE)


class ToldToClient(Exception):
    """Something the client hears of, at its own address."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def read_wish(server: Provider, given: MultiDict[str, str]) -> Wish:
    """Return what is asked for. Raises `InvalidAuthorizationRequest` and `ToldToClient`."""
    try:
        parameters = single(given)
    except OAuth2Error:
        raise InvalidAuthorizationRequest from None
    redirect_uri = _registered_address(server, parameters)
    try:
        return _wish(server, parameters, redirect_uri)
    except OAuth2Error as error:
        told = {"error": error.error, "error_description": error.description}
        raise ToldToClient(answer_to(server, parameters, redirect_uri, **told)) from error


def answer_to(server: Provider, given: MultiDict[str, str], redirect_uri: str, **told: str | None) -> str:
    """Where the reader goes back to, with what the client is told, its `state` and who says so (RFC 9207)."""
    parameters = {**told, "state": given.get("state"), "iss": server.issuer}
    return str(add_params_to_uri(redirect_uri, [(name, text) for name, text in parameters.items() if text]))


def way_back(server: Provider, given: MultiDict[str, str], wish: Wish) -> str:
    """Our own address to come back to after signing in, with a note that the reader was asked to.

    Raises `ToldToClient` for a request too long to be carried along.
    """
    kept = {name: text for name, text in given.items() if name not in DROPPED_ON_THE_WAY}
    query = urlencode(kept | {NOTE: server.flows.authorization.note(wish)})
    path = f"/oauth/authorize?{query}"
    if len(path) > LONGEST_URL:
        told = {"error": "invalid_request", "error_description": "The request is too long."}
        raise ToldToClient(answer_to(server, given, wish.redirect_uri, **told))
    return path


def _registered_address(server: Provider, given: MultiDict[str, str]) -> str:
    client = server.query_client(given.get("client_id", ""))
    redirect_uri = given.get("redirect_uri", "")
    if client is None or not client.check_redirect_uri(redirect_uri):
        raise InvalidAuthorizationRequest
    return redirect_uri


def _wish(server: Provider, given: MultiDict[str, str], redirect_uri: str) -> Wish:
    for name, error in UNSUPPORTED.items():
        if name in given:
            raise error
    if "response_type" not in given:
        raise InvalidRequestError("The response_type is missing.")
    if given["response_type"] != "code":
        raise UnsupportedResponseTypeError(None)
    if given.get("response_mode", "query") != "query":
        raise InvalidRequestError("The response_mode is query.")
    request = Request(given)
    grant = server.get_authorization_grant(request)
    grant.validate_consent_request()
    client = grant.client.client
    scopes = scopes_for_reader(client, given.get("scope", ""))
    if not scopes:
        raise InvalidScopeError
    return Wish(
        client=client,
        redirect_uri=redirect_uri,
        scopes=scopes,
        challenge=given["code_challenge"],
        nonce=given.get("nonce"),
        prompts=_prompts(given),
        max_age=_max_age(given),
        subject=_subject(server, given),
        asked=given.get(NOTE, ""),
    )


def _prompts(given: MultiDict[str, str]) -> frozenset[str]:
    prompts = frozenset(given.get("prompt", "").split())
    if not prompts <= set(Prompt) or (Prompt.NONE in prompts and len(prompts) > 1):
        raise InvalidRequestError("There is no such prompt.")
    return prompts


def _max_age(given: MultiDict[str, str]) -> timedelta | None:
    text = given.get("max_age")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise InvalidRequestError("The max_age is a number of seconds.")
    return timedelta(seconds=min(int(text), LONGEST_AGE))


def _subject(server: Provider, given: MultiDict[str, str]) -> str | None:
    """The reader a client means, by an ID token it was given, however old."""
    if "id_token_hint" not in given:
        return server.flows.authorization.asked_for(given.get(NOTE, ""))
    claims: dict[str, Any] | None = server.flows.signing_keys.read(given["id_token_hint"], kind=KIND)
    if claims is None or claims.get("iss") != server.issuer:
        raise InvalidRequestError("The id_token_hint is no ID token of ours.")
    return str(claims["sub"])
