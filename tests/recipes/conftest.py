"""One running service for all recipes, and a reader at it."""

from collections.abc import Iterator

import pytest

from tests.recipes.reader import Reader
from tests.support import missing
from tests.support.databases import SqliteDatabases
from tests.support.live import LiveService
from tests.support.people import ADDRESS, add_reader
from tests.support.service import Service
from tests.support.smtp import SmtpSink

collect_ignore = missing.tests_in("recipes")


@pytest.fixture(scope="package")
def sink() -> Iterator[SmtpSink]:
    """Their mail server."""
    sink = SmtpSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture(scope="package")
def staff(
    sink: SmtpSink, sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service in this process, for the commands of those who run it."""
    with Service(sqlite_databases.new(tmp_path_factory.mktemp("recipes")), sink) as staff:
        add_reader(staff, ADDRESS, name="Ada")
        yield staff


@pytest.fixture(scope="package")
def site(staff: Service, sink: SmtpSink) -> Iterator[LiveService]:
    """The service as real processes, on the same database."""
    with LiveService(staff.environment["AUTH_DATABASE_URL"], sink, workers=1) as site:
        yield site


@pytest.fixture
def reader(site: LiveService) -> Iterator[Reader]:
    """Somebody at a new browser, signed in nowhere."""
    with Reader(site) as reader:
        yield reader
