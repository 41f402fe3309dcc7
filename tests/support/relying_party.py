"""A service that asks Masthead who a reader is, as far as tests need one."""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from service.core.openid import Client
from service.flows.clients import ClientDetails
from tests.support.people import VISIT

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.support.service import Service

REDIRECT = "https://comments.example/callback"


class RelyingParty:
    """A registered client and what it sends. Programs have no cookies and say no origin."""

    def __init__(self, service: "Service", **details: Any) -> None:
        self.service = service
        details = {"name": "Comments", "scopes": ("openid", "profile", "email")} | details
        self.client: Client
        self.client, self.secret = service.parts.flows.clients.create(ClientDetails(**details), VISIT)
        self._browser = service.client()
        self._browser.headers = {}

    @property
    def basic(self) -> dict[str, str]:
        """Its credentials as HTTP Basic."""
        pair = f"{self.client.id}:{self.secret}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}

    def call(self, path: str, *, headers: dict[str, str] | None = None, **form: str) -> "TestResponse":
        """POST a form as itself, or with other headers."""
        return self._browser.request(
            "POST", path, data=form, headers=self.basic if headers is None else headers
        )

    def get(self, path: str, *, bearer: str | None = None) -> "TestResponse":
        """GET something, with a token where one is given."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer is not None else {}
        return self._browser.request("GET", path, headers=headers)

    def own_token(self, scope: str = "") -> str:
        """A token it uses in its own name."""
        answer = self.call("/oauth/token", grant_type="client_credentials", scope=scope)
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])

    def introspect(self, token: str) -> Any:
        """What it is told of a token."""
        answer = self.call("/oauth/introspect", token=token)
        assert answer.status_code == 200, answer.text
        return answer.json


def a_service(service: "Service", *scopes: str, **details: Any) -> RelyingParty:
    """A client that calls in its own name."""
    return RelyingParty(service, **{"name": "Newsletter", "scopes": scopes or ("users:read",), **details})
