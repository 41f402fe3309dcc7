"""When somebody is to show that they are a person: after failures, and while all is under attack."""

import pytest

from service.adapters.limits import open_throttles
from service.core.throttles import EVERYBODY, Rule
from service.flows.suspicion import FailuresRaiseSuspicion

NETWORK, ELSEWHERE = "192.0.2.1", "198.51.100.1"
ADA, BOB = "ada@example.org", "bob@example.org"


@pytest.fixture
def throttles():
    return open_throttles(None, ["login_failures=20/5minute"], 1)


@pytest.fixture
def suspicion(throttles):
    return FailuresRaiseSuspicion(throttles)


def fail(throttles, rule, key, times):
    for _ in range(times):
        throttles.take(rule, key)


@pytest.mark.case("ENU-13")
@pytest.mark.parametrize(
    ("place", "per_client", "per_address"),
    [
        ("login", Rule.LOGIN_PER_CLIENT, Rule.LOGIN_PER_ACCOUNT),
        ("signup", Rule.SIGNUP_PER_CLIENT, Rule.SIGNUP_PER_ADDRESS),
        ("forgot", Rule.FORGOT_PER_CLIENT, Rule.FORGOT_PER_ADDRESS),
    ],
)
def test_a_network_or_an_address_that_was_busy_is_suspect_and_nobody_else(
    throttles, suspicion, place, per_client, per_address
):
    assert not suspicion.raised(place, network=NETWORK, address=ADA)
    fail(throttles, per_client, NETWORK, 3)
    fail(throttles, per_address, ADA, 3)
    assert suspicion.raised(place, network=NETWORK, address=BOB)
    assert suspicion.raised(place, network=NETWORK, address=None)
    assert suspicion.raised(place, network=ELSEWHERE, address=ADA)
    assert not suspicion.raised(place, network=ELSEWHERE, address=BOB)
    assert not suspicion.raised("elsewhere", network=NETWORK, address=ADA)


def test_one_mistake_at_sign_in_is_not_suspect_and_asking_counts_nothing(throttles, suspicion):
    fail(throttles, Rule.LOGIN_PER_CLIENT, NETWORK, 2)
    fail(throttles, Rule.LOGIN_PER_ACCOUNT, ADA, 2)
    for _ in range(10):
        assert not suspicion.raised("login", network=NETWORK, address=ADA)


@pytest.mark.case("LOG-01")
@pytest.mark.parametrize("place", ["login", "signup", "forgot"])
def test_while_the_service_is_under_attack_everybody_is_suspect(throttles, suspicion, place):
    fail(throttles, Rule.LOGIN_FAILURES, EVERYBODY, 19)
    assert not suspicion.raised(place, network=NETWORK, address=ADA)
    fail(throttles, Rule.LOGIN_FAILURES, EVERYBODY, 1)
    assert suspicion.raised(place, network=NETWORK, address=ADA)
