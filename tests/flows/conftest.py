"""What the stories' tests share."""

import pytest

from tests.flows.clock import MovableClock
from tests.flows.forgotten import Forgotten


@pytest.fixture
def clock(monkeypatch):
    """The clock of services made after this; name it before `service`."""
    clock = MovableClock()
    monkeypatch.setattr("service.wiring.utc_now", clock)
    return clock


@pytest.fixture
def forgotten(service):
    """The forgotten password, on both databases."""
    return Forgotten(service)


@pytest.fixture
def forgotten_on_sqlite(make_service, sqlite_url):
    """The same for what is decided before any database is asked."""
    return Forgotten(make_service(sqlite_url))
