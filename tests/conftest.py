"""Fixtures for every test: fresh databases of both kinds, a mail server, the service, a browser.

They are made when a test first asks for them, so a test of a pure function starts nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import missing
from tests.support.browser_setup import chromium_path
from tests.support.certificates import make_certificate
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.live import LiveService
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.smtp import SmtpSink

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

    from tests.support.captcha_vendor import CaptchaVendor
    from tests.support.issuer import IssuerServer
    from tests.support.range_server import RangeServer
    from tests.support.service import Service
    from tests.support.webhook_receiver import WebhookReceiver

# The same examples every time, so that a test fails for who broke it; `make fuzz` looks for others.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=20_000, deadline=None, print_blob=True)
settings.load_profile("steady")

pytest_plugins = ["tests.support.cases"]
REAL_PROCESSES = {"live", "site", "browser", "server", "redis_server"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what this machine could not run."""
    for need in missing.missing():
        terminalreporter.write_line(f"Not run, for want of {need.name}: {', '.join(need.tests)}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait for other processes get a second try, named in the summary; a busy machine is no defect."""
    for item in items:
        if REAL_PROCESSES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's PostgreSQL. Who stops it starts it again."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_databases(postgres: PostgresServer) -> PostgresDatabases:
    return PostgresDatabases(postgres)


@pytest.fixture
def sqlite_url(sqlite_databases: SqliteDatabases, tmp_path: Path) -> str:
    """A fresh, migrated SQLite file."""
    return sqlite_databases.new(tmp_path)


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    url = postgres_databases.new()
    yield url
    postgres_databases.give_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database; the test runs on both kinds."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """The session's Redis. Who stops it starts it again."""
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost with its key; trust it with SSL_CERT_FILE."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    """A mail server without TLS that accepts everything until told otherwise."""
    sink = SmtpSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture(scope="session")
def signing_key() -> "RSAKey":
    """The key the providers of this session sign with: generating one is slow."""
    from service.fake_provider.issuer import new_key

    return new_key()


@pytest.fixture
def make_issuer(signing_key: "RSAKey") -> "Iterator[Callable[..., IssuerServer]]":
    """Start OpenID providers: `make_issuer("plain", name="members")`."""
    from service.fake_provider import Kind
    from tests.support.issuer import IssuerServer

    with ExitStack() as running:
        yield lambda kind, **options: running.enter_context(
            IssuerServer(Kind(kind), **{"key": signing_key, **options})
        )


@pytest.fixture
def google(make_issuer: "Callable[..., IssuerServer]") -> "IssuerServer":
    """Google, on the loopback interface: `make_service(database, **google.settings)`."""
    return make_issuer("google")


@pytest.fixture
def apple(make_issuer: "Callable[..., IssuerServer]") -> "IssuerServer":
    """Apple, on the loopback interface."""
    return make_issuer("apple")


@pytest.fixture
def issuer(make_issuer: "Callable[..., IssuerServer]") -> "IssuerServer":
    """Any other OpenID provider, which the service calls `plain`."""
    return make_issuer("plain")


@pytest.fixture
def make_captcha_vendor() -> "Iterator[Callable[[str], CaptchaVendor]]":
    """Start vendors of captchas: `make_captcha_vendor("turnstile")`."""
    from tests.support.captcha_vendor import CaptchaVendor

    with ExitStack() as running:
        yield lambda kind: running.enter_context(CaptchaVendor(kind))


@pytest.fixture
def ranges() -> "Iterator[RangeServer]":
    """Have I Been Pwned, on the loopback interface."""
    from tests.support.range_server import RangeServer

    server = RangeServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def receiver() -> "Iterator[WebhookReceiver]":
    """A service that is told of accounts: `register(service, receiver)`."""
    from tests.support.webhook_receiver import WebhookReceiver

    with WebhookReceiver() as running:
        yield running


@pytest.fixture
def make_service(smtp: SmtpSink) -> "Iterator[Callable[..., Service]]":
    """Build in-process services: `make_service(database, reset_ttl=5)`."""
    from tests.support.service import Service

    with ExitStack() as open_services:
        yield lambda database_url, **overrides: open_services.enter_context(
            Service(database_url, smtp, **overrides)
        )


@pytest.fixture
def service(make_service: "Callable[..., Service]", database: str) -> "Service":
    """The service in this process; the test runs on both databases."""
    return make_service(database)


@pytest.fixture
def live(smtp: SmtpSink) -> Iterator[Callable[..., LiveService]]:
    """Start real processes: `live(database, processes=2, workers=1, reset_ttl=5)`. A failed test shows their log."""
    with ExitStack() as running:

        def start(database_url: str, **options: Any) -> LiveService:
            service = LiveService(database_url, smtp, **options)
            running.enter_context(service)
            running.callback(lambda: print(f"--- log of {service.url}\n{service.log()}"))
            return service

        yield start


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    executable = chromium_path()
    assert executable, "no Chromium: run make test, which installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages that share nothing: `new_page(viewport={"width": 320, "height": 640}, color_scheme="dark")`."""
    contexts = []

    def open_page(**options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One page of a new browser."""
    return new_page()
