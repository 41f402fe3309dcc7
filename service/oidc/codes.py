"""Codes and refresh tokens at the token endpoint: Authlib checks the protocol, `service.flows.grants` redeems."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.hooks import hooked
from authlib.oauth2.rfc7636 import CodeChallenge

from service.core.openid import Grant
from service.flows.access import ScopeRefused
from service.flows.grants import GrantRefused
from service.oidc.client_authentication import ANY
from service.oidc.service_tokens import token_answer


class CodeOfGrant:
    """A code as Authlib asks about it."""

    code_challenge_method = "S256"

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.code_challenge = grant.challenge

    def get_redirect_uri(self) -> str:
        return self.grant.redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.grant.scopes)


class S256(CodeChallenge):  # type: ignore[misc]
    """PKCE for every client, by SHA-256 and nothing else (RFC 9700, section 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        given = grant.request.payload.data
        if "code_challenge" not in given or given.get("code_challenge_method") != "S256":
            raise InvalidRequestError("A code_challenge with the code_challenge_method S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)


class Codes(AuthorizationCodeGrant):  # type: ignore[misc]
    """A code is redeemed in one transaction, by exactly one caller."""

    TOKEN_ENDPOINT_AUTH_METHODS = ANY

    def query_authorization_code(self, code: str, client: Any) -> CodeOfGrant | None:
        grant = self.server.flows.grants.by_code(code, client.client)
        return CodeOfGrant(grant) if grant else None

    @hooked  # type: ignore[untyped-decorator]
    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        code: CodeOfGrant = self.request.authorization_code
        try:
            issued = self.server.flows.grants.redeem(code.grant, self.client.client)
        except GrantRefused:
            raise InvalidGrantError from None
        self.request.issued = issued
        answer = token_answer(issued.access_token, issued.scopes, issued.refresh_token)
        return 200, answer, self.TOKEN_RESPONSE_HEADER


class Refreshing(RefreshTokenGrant):  # type: ignore[misc]
    """Every use brings a new refresh token; the old one is good for nothing but to tell a thief."""

    TOKEN_ENDPOINT_AUTH_METHODS = ANY

    def validate_token_request(self) -> None:
        self.request.client = self._validate_request_client()
        if "refresh_token" not in self.request.form:
            raise InvalidRequestError("The refresh_token is missing.")

    @hooked  # type: ignore[untyped-decorator]
    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        scopes = tuple((self.request.payload.scope or "").split())
        token = self.request.form["refresh_token"]
        try:
            issued = self.server.flows.grants.refresh(token, self.client.client, scopes)
        except GrantRefused:
            raise InvalidGrantError from None
        except ScopeRefused:
            raise InvalidScopeError from None
        self.request.issued = issued
        answer = token_answer(issued.access_token, issued.scopes, issued.refresh_token)
        return 200, answer, self.TOKEN_RESPONSE_HEADER
