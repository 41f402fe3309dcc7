"""The office of the tests of delivery, on both databases."""

from collections.abc import Iterator

import pytest

from tests.delivery.office import Office
from tests.support.smtp import SmtpSink


@pytest.fixture
def office(database: str, smtp: SmtpSink) -> Iterator[Office]:
    office = Office(database, smtp)
    yield office
    office.close()


@pytest.fixture
def quick_office(sqlite_url: str, smtp: SmtpSink) -> Iterator[Office]:
    """For what no database could make different."""
    office = Office(sqlite_url, smtp)
    yield office
    office.close()
