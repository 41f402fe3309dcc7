"""One service for all tests that only look at how HTTP is spoken; every answer of its API must be documented."""

from collections.abc import Iterator

import pytest

from tests.support.databases import SqliteDatabases
from tests.support.documented import watch_answers
from tests.support.people import add_reader
from tests.support.service import Client, Service
from tests.support.smtp import SmtpSink


@pytest.fixture(autouse=True)
def _documented(monkeypatch: pytest.MonkeyPatch) -> None:
    watch_answers(monkeypatch)


@pytest.fixture(scope="package")
def standing(
    sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service over HTTPS with one reader, shared by tests that leave nothing behind."""
    url = sqlite_databases.new(tmp_path_factory.mktemp("standing"))
    settings = {
        "public_url": "https://accounts.example.org",
        "site_url": "https://www.example.org",
        "allowed_origins": "https://www.example.org,https://beta.example.org:8443",
        "logo_url": "https://cdn.example.org/logo.svg",
    }
    with Service(url, SmtpSink(), **settings) as service:
        add_reader(service)
        yield service


@pytest.fixture
def client(standing: Service) -> Client:
    """A new browser, nobody signed in."""
    return standing.client()
