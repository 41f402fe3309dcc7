"""Authlib's authorization server, on our stories: Authlib speaks the protocol, the flows decide and keep."""

from typing import Any, cast

from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidClientError, UnsupportedGrantTypeError
from flask import Response, current_app, jsonify

from service.flows import Flows
from service.http.requests import visit
from service.oidc.client_authentication import TROUBLES, PrivateKeyProof, name_tried, ways_tried
from service.oidc.registered import RegisteredClient
from service.oidc.requests import Request, parameters_of_form

NAME = "openid_provider"


class Provider(AuthorizationServer):  # type: ignore[misc]
    """The server of one application. `issuer` is the service's own address."""

    def __init__(self, flows: Flows, issuer: str) -> None:
        super().__init__()
        self.flows, self.issuer = flows, issuer
        proof = PrivateKeyProof(flows.clients, [issuer, f"{issuer}/oauth/token"])
        self.register_client_auth_method("private_key_jwt", proof)

    def query_client(self, client_id: str) -> RegisteredClient | None:
        client = self.flows.clients.open(client_id)
        return RegisteredClient(client, self.flows.clients) if client else None

    def authenticate_client(self, request: Any, methods: list[str], endpoint: str = "token") -> Any:
        """Return who calls. Raises `InvalidClientError`, the same 401 for every failure, and `RateLimited`."""
        form = request.form
        try:
            if ways_tried(form) <= 1:
                return super().authenticate_client(request, methods, endpoint)
        except TROUBLES:
            pass
        self.flows.clients.note_failure(name_tried(form), visit())
        raise InvalidClientError("The client could not be recognised.", status_code=401)

    def create_oauth2_request(self, request: Any) -> Request:
        return request if isinstance(request, Request) else Request(parameters_of_form())

    def get_token_grant(self, request: Any) -> Any:
        known = {grant.GRANT_TYPE for grant, _ in self._token_grants}
        if request.payload.grant_type not in known:
            raise UnsupportedGrantTypeError(None)  # Authlib would repeat what was sent
        return super().get_token_grant(request)

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        response = jsonify(body) if isinstance(body, dict) else Response(body)
        response.status_code = status
        for name, value in headers:
            response.headers[name] = value
        return response

    def save_token(self, token: Any, request: Any) -> None:
        """Nothing: the flow that made the token has kept it, in the same transaction."""

    def send_signal(self, name: str, *arguments: Any, **named: Any) -> None:
        """Nothing: nobody listens."""


def provider() -> Provider:
    """The server of the application that handles this request."""
    return cast(Provider, current_app.extensions[NAME])
