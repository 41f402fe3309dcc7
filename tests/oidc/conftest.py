"""Tests of the OpenID provider. The one with a certified client needs Node; without it, it is not collected."""

from tests.support import certified_client

collect_ignore = [] if certified_client.available() else ["test_certified_client.py"]
