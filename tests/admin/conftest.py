"""Staff at their browsers."""

import pytest

from tests.admin.people import Staff, hire
from tests.flows.clock import MovableClock
from tests.support.service import Service


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    """The clock of services made after this; name it before `service`."""
    clock = MovableClock()
    monkeypatch.setattr("service.wiring.utc_now", clock)
    return clock


@pytest.fixture
def staff(service: Service) -> Staff:
    """One of the staff, just signed in with a passkey."""
    return hire(service)
