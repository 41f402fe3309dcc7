"""Real processes for real browsers: one service of each database for all browser tests, a new reader for each."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.inspection import Watch
from tests.browser.reader import Reader
from tests.browser.visitor import Town, Visitor, town_on
from tests.support import missing
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.live import LiveService
from tests.support.smtp import SmtpSink

numbers = itertools.count(1)
collect_ignore = missing.tests_in("browser")


@pytest.fixture(scope="package")
def start_site() -> Iterator[Callable[[str], LiveService]]:
    """Start the service with a worker on a database; all end with the last browser test."""
    with ExitStack() as running:

        def start(database_url: str) -> LiveService:
            sink = SmtpSink()
            sink.start()
            running.callback(sink.stop)
            return running.enter_context(LiveService(database_url, sink, workers=1))

        yield start


@pytest.fixture(scope="package")
def sqlite_site(
    start_site: Callable[[str], LiveService],
    sqlite_databases: SqliteDatabases,
    tmp_path_factory: pytest.TempPathFactory,
) -> LiveService:
    return start_site(sqlite_databases.new(tmp_path_factory.mktemp("site")))


@pytest.fixture(scope="package")
def postgres_site(
    start_site: Callable[[str], LiveService], postgres_databases: PostgresDatabases
) -> LiveService:
    return start_site(postgres_databases.new())


@pytest.fixture
def site(sqlite_site: LiveService) -> LiveService:
    """The service; the main journey runs on both databases."""
    return sqlite_site


@pytest.fixture
def new_browser(new_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """Open a browser at a site. At the end of the test none may have seen an error or a foreign request."""
    watches = []

    def open_browser(at: LiveService, **options: Any) -> Page:
        page = new_page(base_url=at.url, **options)
        watches.append(Watch(page.context, at.url))
        return page

    yield open_browser
    assert [fault for watch in watches for fault in watch.faults] == []


@pytest.fixture
def new_reader(new_browser: Callable[..., Page]) -> Callable[..., Reader]:
    """A person nobody knows yet, at a browser of their own: `new_reader(site, viewport=PHONE)`."""

    def arrive(at: LiveService, **options: Any) -> Reader:
        return Reader(new_browser(at, **options), at, f"reader{next(numbers)}@example.org")

    return arrive


@pytest.fixture(scope="package")
def town(
    sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory, signing_key: Any
) -> Iterator[Town]:
    with town_on(sqlite_databases.new(tmp_path_factory.mktemp("town")), signing_key) as started:
        yield started


@pytest.fixture
def arrive(town: Town, new_page: Callable[..., Page]) -> Iterator[Callable[..., Visitor]]:
    """A stranger opens the article: `arrive("ar", "keyboard", viewport=PHONE)`."""
    watches = []

    def read(language: str = "en", by: str = "mouse", **options: Any) -> Visitor:
        page = new_page(locale=language, **options)
        watches.append(Watch(page.context, *town.origins))
        address = f"visitor{next(numbers)}@example.org"
        visitor = Visitor(page, town.magazine, town.site, address, language, by)
        visitor.read()
        return visitor

    yield read
    assert [fault for watch in watches for fault in watch.faults] == []
