"""A service that asks Masthead who a reader is, as far as tests need one."""

from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from service.core.openid import Client
from service.flows.clients import ClientDetails
from tests.support.people import VISIT

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.support.service import Client as Browser
    from tests.support.service import Service

REDIRECT = "https://comments.example/callback"
VERIFIER = "a verifier is a text of 43 characters or more".replace(" ", "-")
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


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

    def wish(self, **changes: str | None) -> str:
        """Where it sends a reader: `changes` replace parameters, None leaves one out."""
        parameters = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": self.client.redirect_uris[0],
            "scope": "openid profile email",
            "state": "state of the client",
            "nonce": "a nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        return f"/oauth/authorize?{urlencode({k: v for k, v in parameters.items() if v is not None})}"

    def code(self, browser: "Browser", **changes: str | None) -> str:
        """A code for the reader of a browser who has nothing left to be asked."""
        answer = browser.get(self.wish(**changes))
        return told(answer)["code"]

    def redeem(self, code: str, **changes: str) -> "TestResponse":
        """Exchange a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uris[0],
            "code_verifier": VERIFIER,
        } | changes
        return self._as_itself("/oauth/token", **{name: text for name, text in form.items() if text})

    def refresh(self, token: str, **more: str) -> "TestResponse":
        """Exchange a refresh token."""
        return self._as_itself("/oauth/token", grant_type="refresh_token", refresh_token=token, **more)

    def tokens(self, browser: "Browser", **changes: str | None) -> Any:
        """What it has after a reader has come and gone."""
        answer = self.redeem(self.code(browser, **changes))
        assert answer.status_code == 200, answer.text
        return answer.json

    def _as_itself(self, path: str, **form: str) -> "TestResponse":
        if self.secret is not None:
            return self.call(path, headers=None, **form)
        return self.call(path, headers={}, **form | {"client_id": self.client.id})

    def own_token(self, scope: str = "") -> str:
        """A token it uses in its own name."""
        answer = self.call("/oauth/token", grant_type="client_credentials", scope=scope)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        return str(answer.json["access_token"])

    def introspect(self, token: str) -> Any:
        """What it is told of a token."""
        answer = self.call("/oauth/introspect", token=token)
        assert answer.status_code == 200, answer.text
        return answer.json


def told(answer: "TestResponse") -> dict[str, str]:
    """What a client hears when a reader comes back to it."""
    assert answer.status_code == 303, answer.text
    location = answer.headers["Location"]
    assert location.startswith((REDIRECT, "http://127.0.0.1")), location
    return dict(parse_qsl(urlsplit(location).query))


def a_site(service: "Service", **details: Any) -> RelyingParty:
    """The publisher's own site: its readers are not asked for consent."""
    return RelyingParty(service, **{"redirect_uris": (REDIRECT,), "first_party": True, **details})


def a_service(service: "Service", *scopes: str, **details: Any) -> RelyingParty:
    """A client that calls in its own name."""
    return RelyingParty(service, **{"name": "Newsletter", "scopes": scopes or ("users:read",), **details})
