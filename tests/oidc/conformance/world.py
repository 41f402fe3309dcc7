"""What the modules of the OpenID Foundation's test plans need: a provider, a reader, and two ways to come to it."""

from dataclasses import dataclass, field
from typing import Any

from tests.oidc.test_service_tokens import decoded
from tests.support.pages import hidden_fields
from tests.support.people import ADDRESS, PASSWORD, add_reader, signed_in
from tests.support.relying_party import RelyingParty, a_site, told
from tests.support.service import Client, Service

HOME = "https://comments.example/bye"


@dataclass
class World:
    """One provider, one registered client, one reader at a browser that is signed in."""

    service: Service
    party: RelyingParty = field(init=False)
    browser: Client = field(init=False)
    subject: str = field(init=False)

    def __post_init__(self) -> None:
        self.subject = str(add_reader(self.service, name="Ada", locale="en").id)
        self.party = a_site(self.service, post_logout_redirect_uris=(HOME,))
        self.browser = signed_in(self.service)

    def succeeds(self, **changes: str | None) -> bool:
        """Whether a request ends in an ID token about the reader."""
        return bool(self.claims(self.party.tokens(self.browser, **changes))["sub"] == self.subject)

    def claims(self, tokens: Any) -> Any:
        """What an ID token says, its signature checked."""
        return decoded(self.service, tokens["id_token"])[1]

    def userinfo(self, **changes: str | None) -> Any:
        """What userinfo says after a sign-in."""
        token = self.party.tokens(self.browser, **changes)["access_token"]
        return self.party.get("/oauth/userinfo", bearer=token).json

    def error(self, browser: Client | None = None, **changes: str | None) -> str:
        """The error a client hears of."""
        return told((browser or self.browser).get(self.party.wish(**changes)))["error"]

    def signs_in_again(self, **changes: str | None) -> Any:
        """The ID token of a reader who is asked to sign in anew; the request has to lead to the form."""
        sent = self.browser.get(self.party.wish(**changes))
        assert "again=1" in sent.headers["Location"]
        page = self.browser.get(sent.headers["Location"])
        form = hidden_fields(page.text) | {"email": ADDRESS, "password": PASSWORD}
        signed = self.browser.request("POST", "/login", data=form)
        return self.claims(self.party.redeem(told(self.browser.follow(signed))["code"]).json)
