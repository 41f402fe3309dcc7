"""Browsers on the pages."""

import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.flows.clock import MovableClock
from tests.support.people import ADDRESS, add_reader, signed_in
from tests.support.service import Client, Service

Follow = Callable[..., TestResponse]


@pytest.fixture
def client(service: Service) -> Client:
    """A new browser, nobody signed in."""
    return service.client()


@pytest.fixture
def reader(service: Service) -> Client:
    """A reader's browser, signed in."""
    add_reader(service, name="Ada")
    return signed_in(service)


@pytest.fixture
def link(service: Service) -> Callable[..., str]:
    """Deliver what is due and return the link of the newest letter: `link("/reset-password")`."""

    def newest(path: str, to: str = ADDRESS) -> str:
        service.deliver()
        return service.mailbox.to(to)[-1].link(path)

    return newest


def heading(page: TestResponse) -> str:
    """The one first-level heading of a page."""
    (found,) = re.findall(r"<h1>(.*?)</h1>", page.text, re.DOTALL)
    return str(found).strip()


def errors_beside(page: TestResponse, field: str) -> list[str]:
    """What a page says beside a field; the input must refer to it."""
    found = re.findall(rf'<p class="error" id="({field}-error-\d+)">(.*?)</p>', page.text, re.DOTALL)
    (field_input,) = re.findall(rf'<input id="{field}"[^>]*>', page.text)
    for name, _ in found:
        assert name in field_input
        assert 'aria-invalid="true"' in field_input
    return [text for _, text in found]


def value_of(page: TestResponse, field: str) -> str | None:
    """What a field is filled in with."""
    (field_input,) = re.findall(rf'<input[^>]*name="{field}"[^>]*>', page.text)
    found = re.search(r' value="([^"]*)"', field_input)
    return found[1] if found else None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    """The clock of services made after this; name it before `service`."""
    clock = MovableClock()
    monkeypatch.setattr("service.wiring.utc_now", clock)
    return clock
