"""A client as Authlib asks about it."""

from authlib.oauth2.rfc6749 import ClientMixin

from service.core.openid import Client, ClientAuth, GrantType
from service.flows.clients import Clients

WAYS = {
    ClientAuth.SECRET: ("client_secret_basic", "client_secret_post"),
    ClientAuth.PRIVATE_KEY: ("private_key_jwt",),
    ClientAuth.NONE: ("none",),
}


class RegisteredClient(ClientMixin):  # type: ignore[misc]
    """Answers Authlib's questions from what was registered."""

    def __init__(self, client: Client, clients: Clients) -> None:
        self.client = client
        self._clients = clients

    def get_client_id(self) -> str:
        return self.client.id

    def get_default_redirect_uri(self) -> None:
        return None  # none is guessed, not even the only one (OpenID Connect Core, section 3.1.2.1)

    def get_allowed_scope(self, scope: str | None) -> str:
        """What it may have of what it asks for; unknown scopes are left out (OpenID Connect Core, 3.1.2.1)."""
        wanted = (scope or "").split()
        return " ".join(name for name in dict.fromkeys(wanted) if name in self.client.scopes)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.client.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return self._clients.knows_secret(self.client, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in WAYS[self.client.auth]

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type(GrantType.AUTHORIZATION_CODE)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.client.grants
