"""Tests of the OpenID provider. The one with a certified client needs Node; without it, it is not collected."""

import pytest

from tests.support import certified_client
from tests.support.people import add_reader, signed_in

collect_ignore = [] if certified_client.available() else ["test_certified_client.py"]


@pytest.fixture
def reader(service):
    return add_reader(service, name="Ada", locale="de")


@pytest.fixture
def browser(service, reader):
    return signed_in(service)
