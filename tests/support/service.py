"""The service inside the test's own process, on a given database and mail server."""

from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.settings import load_settings
from service.app import create_app
from service.delivery.compiled import CompiledOnce
from tests.support.environment import service_environment
from tests.support.pages import hidden_fields
from tests.support.smtp import SmtpSink

# Every service of a test compiles its pages anew otherwise.
COMPILED = CompiledOnce()


class Client:
    """A browser without pictures: keeps its cookies and says which site it is on, as browsers do."""

    def __init__(self, inner: FlaskClient, public_url: str) -> None:
        self.inner = inner
        self.public_url = public_url
        self.headers = {"Origin": public_url}

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send anything; options are those of Werkzeug's test client. Redirects are not followed."""
        headers = {
            name: value
            for name, value in (self.headers | options.pop("headers", {})).items()
            if value is not None
        }
        return self.inner.open(path, method=method, base_url=self.public_url, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET a path, or a whole link out of a letter."""
        target = urlsplit(path)._replace(scheme="", netloc="").geturl()
        return self.request("GET", target, **options)

    def post(self, path: str, json: object = None, **options: Any) -> TestResponse:
        return self.request("POST", path, **({"json": json} if json is not None else {}), **options)

    def patch(self, path: str, json: object, **options: Any) -> TestResponse:
        return self.request("PATCH", path, json=json, **options)

    def delete(self, path: str, json: object = None, **options: Any) -> TestResponse:
        return self.request("DELETE", path, **({"json": json} if json is not None else {}), **options)

    def form(self, path: str, **fields: str) -> TestResponse:
        """Open a page, fill in its form, send it: hidden fields such as csrf_token come from the page."""
        page = self.get(path)
        assert page.status_code == 200, f"{path} answered {page.status}"
        action = urlsplit(path)._replace(scheme="", netloc="").geturl()
        return self.request("POST", action, data=hidden_fields(page.text) | fields)

    def follow(self, response: TestResponse) -> TestResponse:
        """Go where a redirect points, as a browser would."""
        assert response.status_code in (302, 303), f"not a redirect: {response.status}"
        return self.get(response.headers["Location"])


class Service:
    """`with Service(url, smtp) as service:`; settings are overridden by keyword, `reset_ttl=5`."""

    def __init__(self, database_url: str, mailbox: SmtpSink, **overrides: str | int | None) -> None:
        self.environment = service_environment(database_url, mailbox.url, **overrides)
        self.mailbox = mailbox
        self.settings = load_settings(self.environment)
        self.app = create_app(self.settings)
        self.app.jinja_env.bytecode_cache = COMPILED
        self.parts = self.app.extensions["masthead"]

    def client(self, *, known: bool = True) -> Client:
        """A browser, nobody signed in; all of them pass for one device, unless not `known`."""
        client = Client(self.app.test_client(), self.settings.public_url)
        if known and self.settings.public_url.startswith("http:"):
            host = urlsplit(self.settings.public_url).hostname or "localhost"
            client.inner.set_cookie("masthead-device", "k" * 43, domain=host)
        return client

    def deliver(self) -> int:
        """Let the worker do everything that is due now; returns how many rows it settled."""
        return int(self.parts.worker.drain())

    def close(self) -> None:
        self.parts.store.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
