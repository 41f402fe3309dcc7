"""Google and Apple as they are in development: stand-ins in this very process, reached over HTTP's own protocol."""

import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import httpx2
from joserfc.jwk import ECKey
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from service.adapters.calls import BoundedTransport
from service.adapters.providers import ProviderSettings
from service.adapters.providers.openid import Registration
from service.fake_provider import Kind, create_fake_provider
from service.flows.links import Links

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CLIENT_ID = "masthead-in-development"
TEAM_ID, KEY_ID = "DEVELOPERS", "DEVELOPKEY"


class StandIns:
    """Both stand-ins, registered with each other's secrets. They forget everything when the process ends."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self._links = Links(public_url)
        self._secret = secrets.token_urlsafe(32)
        self._apple_key = ECKey.generate_key("P-256")
        google = create_fake_provider(
            Kind.GOOGLE,
            self._issuer("google"),
            client_id=CLIENT_ID,
            client_secret=self._secret,
            redirect_uris=[self._links.provider_callback("google")],
        )
        apple = create_fake_provider(
            Kind.APPLE,
            self._issuer("apple"),
            client_id=CLIENT_ID,
            client_public_key=self._apple_key.as_pem(private=False).decode(),
            redirect_uris=[self._links.provider_callback("apple")],
            team_id=TEAM_ID,
            key_id=KEY_ID,
        )
        self.mounts: Mapping[str, WSGIApplication] = {"/dev/google": google, "/dev/apple": apple}

    def transport(self) -> httpx2.BaseTransport:
        """Lead calls to the stand-ins, whatever address and port readers use."""
        return BoundedTransport(httpx2.WSGITransport(DispatcherMiddleware(NotFound(), dict(self.mounts))))

    def settings(self) -> Iterator[ProviderSettings]:
        """Say how the two are to be opened."""
        for name in ("apple", "google"):
            registration = Registration(
                self._issuer(name),
                CLIENT_ID,
                self._secret if name == "google" else "",
                self._links.provider_callback(name),
            )
            yield ProviderSettings(name, name, name.title(), registration, self._options(name))

    def _options(self, name: str) -> Mapping[str, str | None]:
        if name == "google":
            return {}
        key = self._apple_key.as_pem(private=True).decode()
        return {"team_id": TEAM_ID, "key_id": KEY_ID, "private_key": key}

    def _issuer(self, name: str) -> str:
        return f"{self._public_url}/dev/{name}"
