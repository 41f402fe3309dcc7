"""Asking about tokens and ending them (RFC 7662, RFC 7009)."""

from typing import Any

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from service.core.openid import Caller, Grant, RefreshToken
from service.flows.access import seconds
from service.oidc.client_authentication import ANY, CONFIDENTIAL


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """Only clients a token is for learn anything of it; everybody else hears that it is not active."""

    CLIENT_AUTH_METHODS = CONFIDENTIAL

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], Any]:
        client = self.authenticate_endpoint_client(request).client
        token = request.form.get("token")
        if token is None:
            raise InvalidRequestError("The token is missing.")
        caller = self.server.flows.access.caller(token)
        if caller is not None and client.id in caller.token.audience:
            return 200, self._described(caller), default_json_headers
        if caller is None and (known := self.server.flows.grants.about(token, client)):
            return 200, self._refreshing(*known), default_json_headers
        return 200, {"active": False}, default_json_headers

    def _described(self, caller: Caller) -> dict[str, Any]:
        token = caller.token
        return {
            "active": True,
            "iss": self.server.issuer,
            "sub": caller.subject,
            "aud": list(token.audience),
            "client_id": token.client_id,
            "scope": " ".join(token.scopes),
            "token_type": "Bearer",
            "jti": str(token.id),
            "iat": seconds(token.issued_at),
            "exp": seconds(token.expires_at),
        }

    def _refreshing(self, token: RefreshToken, grant: Grant) -> dict[str, Any]:
        return {
            "active": True,
            "iss": self.server.issuer,
            "sub": str(grant.user_id),
            "client_id": grant.client_id,
            "scope": " ".join(grant.scopes),
            "token_type": "refresh_token",
            "iat": seconds(token.created_at),
            "exp": seconds(token.expires_at),
        }


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Ends a client's own tokens; the answer is the same whether there was one (RFC 7009, section 2.2)."""

    CLIENT_AUTH_METHODS = ANY

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], Any]:
        client = self.authenticate_endpoint_client(request).client
        token = request.form.get("token")
        if token is None:
            raise InvalidRequestError("The token is missing.")
        if not self.server.flows.access.revoke(token, client):
            self.server.flows.grants.revoke(token, client)
        return 200, {}, default_json_headers
