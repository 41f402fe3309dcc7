"""When to ask for a captcha: after failures from a network or at an address, and while the service is under attack.

It only looks at counters that throttles keep anyway, by typed address and network, so it tells nothing of accounts.
"""

from dataclasses import dataclass

from service.core.ports import Throttles
from service.core.throttles import EVERYBODY, Rule

ENOUGH = 0.3  # of a throttle's room: three of ten failures
COUNTED = {
    "login": (Rule.LOGIN_PER_CLIENT, Rule.LOGIN_PER_ACCOUNT),
    "signup": (Rule.SIGNUP_PER_CLIENT, Rule.SIGNUP_PER_ADDRESS),
    "forgot": (Rule.FORGOT_PER_CLIENT, Rule.FORGOT_PER_ADDRESS),
}


def under_attack(throttles: Throttles) -> bool:
    """Whether sign-ins fail so often, all together, that somebody must be trying stolen passwords."""
    return throttles.fullness(Rule.LOGIN_FAILURES, EVERYBODY) >= 1


@dataclass(frozen=True)
class FailuresRaiseSuspicion:
    """Suspect by what was counted lately. A place nobody counts at is suspect only while there is an attack."""

    throttles: Throttles

    def raised(self, place: str, *, network: str, address: str | None) -> bool:
        if under_attack(self.throttles):
            return True
        if place not in COUNTED:
            return False
        per_client, per_address = COUNTED[place]
        return self.throttles.fullness(per_client, network) >= ENOUGH or (
            address is not None and self.throttles.fullness(per_address, address) >= ENOUGH
        )
