"""An OpenID provider on a port of its own: Google, Apple or any other, honest until told otherwise.

start = client.get("/login/google")
back = google.bring_back(client, start)                        # the reader says yes; what the service answers
method, url, form = google.answer(start.headers["Location"])   # the same without sending it
apple.person = replace(apple.person, email=None)               # who comes next
google.mutate(claims=lambda claims: claims.pop("nonce"))       # lie
google.fault("token", status=500, times=1)                     # fail; also jwks, discovery, userinfo, revoke
google.id_token(aud="another", drop=["nonce"], algorithm="none")
google.heal()
"""

import html
import re
import threading
from collections.abc import Collection
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

import httpx2
from joserfc.jwk import ECKey, RSAKey
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from service.fake_provider import Kind, Person, create_app
from service.fake_provider.clients import Client as Registration
from service.fake_provider.issuer import Clock, Json, utc_now
from tests.support.environment import PUBLIC_URL
from tests.support.hostile_issuer import HostileIssuer, Mutation
from tests.support.issuer_faults import FaultyEndpoints
from tests.support.issuer_tokens import TokenMint
from tests.support.pages import hidden_fields
from tests.support.processes import free_port

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.support.service import Client

TEAM_ID, KEY_ID = "TEAM123456", "KEY1234567"
ANSWERS = frozenset("claims header token_response discovery jwks userinfo answer".split())


class BrowserAnswer(NamedTuple):
    """What the browser sends to the client's callback."""

    method: str
    url: str
    form: dict[str, str]

    @property
    def path(self) -> str:
        """The address without scheme and host, as test clients take it."""
        return urlsplit(self.url)._replace(scheme="", netloc="").geturl()


class IssuerServer(FaultyEndpoints, TokenMint):
    """The server. `name` is what the service calls it; `settings` are the overrides for `make_service`.

    It sends browsers back to the in-process service; a live one's callback is added to `redirect_uris`.
    """

    def __init__(
        self,
        kind: Kind,
        *,
        name: str | None = None,
        key: RSAKey | None = None,
        redirect_uris: Collection[str] = (),
        public_client: bool = False,
        clock: Clock = utc_now,
    ) -> None:
        self.kind = kind
        self.name = name or str(kind)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client_id = f"masthead.{self.name}"
        secretless = public_client or kind is Kind.APPLE
        self.client_secret = None if secretless else f"the-secret-of-the-client-at-{self.name}"
        self.redirect_uris = {f"{PUBLIC_URL}/login/{self.name}/callback", *redirect_uris}
        self._apple_key = ECKey.generate_key("P-256")
        public_key = self._apple_key.as_pem(private=False).decode() if kind is Kind.APPLE else None
        client = Registration(
            self.client_id, self.redirect_uris, self.client_secret, public_key, TEAM_ID, KEY_ID
        )
        self.issuer = HostileIssuer(kind, self.url, client, key=key, clock=clock)
        self.person = self.issuer.people()[0]
        self._app = create_app(self.issuer)
        self._server: BaseWSGIServer | None = None
        self.browser = httpx2.Client(trust_env=False)
        super().__init__(self._app)

    # What a client is configured with

    @property
    def settings(self) -> dict[str, str]:
        """AUTH_* overrides: `make_service(database, **google.settings)`."""
        if self.kind is Kind.APPLE:
            return {
                "apple_issuer": self.url,
                "apple_client_id": self.client_id,
                "apple_team_id": TEAM_ID,
                "apple_key_id": KEY_ID,
                "apple_private_key": self.private_key,
            }
        prefix = "google" if self.kind is Kind.GOOGLE else f"oidc_{self.name}"
        return {
            f"{prefix}_issuer": self.url,
            f"{prefix}_client_id": self.client_id,
            **({f"{prefix}_client_secret": self.client_secret} if self.client_secret else {}),
        }

    @property
    def private_key(self) -> str:
        """The `.p8` of Apple's console: PEM, PKCS 8."""
        return self._apple_key.as_pem(private=True).decode()

    @property
    def public_pem(self) -> bytes:
        """The public signing key, for tokens that misuse it as a shared secret."""
        return self.issuer.keys[0].as_pem(private=False)

    @property
    def public_jwk(self) -> Json:
        return dict(self.issuer.keys[0].as_dict(private=False))

    # Who signs in, and what their browser does

    @property
    def person(self) -> Person:
        """Who the next authorization will be."""
        return self.issuer.person

    @person.setter
    def person(self, person: Person) -> None:
        self.issuer.person = person

    def answer(self, authorize_url: str, *, cancel: bool = False) -> BrowserAnswer:
        """Go where the client sends the browser, choose `person` there or cancel, and return what comes back."""
        page = self.browser.get(authorize_url)
        if page.status_code == 303:
            return BrowserAnswer("GET", page.headers["Location"], {})
        assert page.status_code == 200, f"{page.status_code} from the provider:\n{page.text}"
        choice = {"cancel": "yes"} if cancel else {"person": self.person.subject}
        answer = self.browser.post(authorize_url, data=choice)
        if answer.status_code == 303:
            return BrowserAnswer("GET", answer.headers["Location"], {})
        action = re.search(r'<form method="post" action="([^"]*)"', answer.text)
        assert action, f"{answer.status_code} from the provider:\n{answer.text}"
        return BrowserAnswer("POST", html.unescape(action[1]), hidden_fields(answer.text))

    def bring_back(self, client: "Client", start: "TestResponse", *, cancel: bool = False) -> "TestResponse":
        """Follow a redirect to the provider, answer there, and carry the answer to the client as a browser does."""
        answer = self.answer(start.headers["Location"], cancel=cancel)
        origin = self.url if answer.method == "POST" else None
        return client.request(
            answer.method, answer.path, data=answer.form or None, headers={"Origin": origin}
        )

    # Lies and failures

    def mutate(self, **mutations: Mutation) -> None:
        """Change answers: claims, header (of the ID token), token_response, discovery, jwks, userinfo, answer.

        Each function changes the dictionary it is given, or returns another. Later calls add to earlier ones.
        """
        assert mutations.keys() <= ANSWERS, f"only {', '.join(sorted(ANSWERS))} can be changed"
        self.issuer.mutations |= mutations

    def heal(self) -> None:
        """Be honest and well again. Keys and people stay."""
        self.faults.clear()
        self.issuer.mutations.clear()

    def rotate_keys(self, *, keep_old: bool = True) -> None:
        """Sign with a new key; the old one stays published unless told otherwise."""
        self.issuer.rotate_keys()
        if not keep_old:
            del self.issuer.keys[1:]

    @property
    def revoked(self) -> list[str]:
        """The tokens the client has revoked."""
        return self.issuer.revoked

    # The server

    def start(self) -> None:
        """Listen; after `stop` on the same port again."""
        self.closing.clear()
        self._server = make_server(
            "127.0.0.1", self.port, self._app, threaded=True, request_handler=_QuietHandler
        )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name=self.name, daemon=True).start()

    def stop(self) -> None:
        """Go away: the port refuses."""
        self.closing.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.browser.close()


class _QuietHandler(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Say nothing: `IssuerServer.requests` has it."""
