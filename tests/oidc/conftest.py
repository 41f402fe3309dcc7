"""Tests of the OpenID provider; the one with a certified client is in `tests/browser`."""

import pytest

from tests.support.people import add_reader, signed_in


@pytest.fixture
def reader(service):
    return add_reader(service, name="Ada", locale="de")


@pytest.fixture
def browser(service, reader):
    return signed_in(service)
