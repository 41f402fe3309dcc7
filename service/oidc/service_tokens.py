"""Tokens a service gets in its own name (client credentials, RFC 6749 section 4.4)."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from service.flows.access import LIFETIME, ScopeRefused
from service.oidc.client_authentication import CONFIDENTIAL


class ServiceTokens(ClientCredentialsGrant):  # type: ignore[misc]
    """The client is the subject; what it was not registered for is refused aloud."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        requested = tuple((self.request.payload.scope or "").split())
        try:
            token, scopes = self.server.flows.access.for_client(self.client.client, requested)
        except ScopeRefused:
            raise InvalidScopeError from None
        return 200, token_answer(token, scopes), self.TOKEN_RESPONSE_HEADER


def token_answer(
    access_token: str, scopes: tuple[str, ...], refresh_token: str | None = None
) -> dict[str, Any]:
    """What the token endpoint says (RFC 6749, section 5.1)."""
    answer: dict[str, Any] = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": " ".join(scopes),
    }
    return answer | ({"refresh_token": refresh_token} if refresh_token else {})
