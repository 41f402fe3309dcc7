"""The names and default sizes of the throttles (security.md section 3; PyPI's and NIST's numbers).

A rule that is looked at when somebody asks is counted by client network, by typed address, or both; never by
account, so that a throttle says nothing about who has one. What comes only after a sign-in is counted by the
account as well. `AUTH_RATE_LIMITS` overrides by name, `AUTH_RATE_LIMIT_SCALE` multiplies.
"""

from enum import StrEnum

EVERYBODY = "everybody"  # the key of a rule that counts all together


class Rule(StrEnum):
    """A named throttle."""

    FORGOT_PER_CLIENT = "forgot_per_client"
    FORGOT_PER_ADDRESS = "forgot_per_address"
    RESETS_SENT = "resets_sent"
    SIGNUP_PER_CLIENT = "signup_per_client"
    SIGNUP_PER_ADDRESS = "signup_per_address"
    CONFIRMATION_PER_ADDRESS = "confirmation_per_address"
    LOGIN_PER_CLIENT = "login_per_client"
    LOGIN_PER_ACCOUNT = "login_per_account"
    LOGIN_PER_CLIENT_AND_ACCOUNT = "login_per_client_and_account"
    LOGIN_PER_CLIENT_UNDER_ATTACK = "login_per_client_under_attack"
    LOGIN_PER_DEVICE = "login_per_device"
    LOGIN_FAILURES = "login_failures"
    TOKEN_PER_CLIENT = "token_per_client"
    PROVIDER_PER_CLIENT = "provider_per_client"
    PROOF_PER_ADDRESS = "proof_per_address"
    EMAIL_CHANGE_PER_ACCOUNT = "email_change_per_account"
    EMAIL_CHANGE_PER_ADDRESS = "email_change_per_address"
    NEW_DEVICE_PER_ACCOUNT = "new_device_per_account"
    LOGIN_LINK_PER_CLIENT = "login_link_per_client"
    LOGIN_LINK_PER_ADDRESS = "login_link_per_address"
    CLIENT_FAILURES = "client_failures"
    CALLS_PER_SERVICE = "calls_per_service"
    CAPTCHA_PER_CLIENT = "captcha_per_client"
    CAPTCHA_AWAY_PER_CLIENT = "captcha_away_per_client"
    CHALLENGE_PER_CLIENT = "challenge_per_client"
    CODE_PER_ACCOUNT = "code_per_account"
    CODE_PER_CLIENT = "code_per_client"
    PASSKEY_PER_CLIENT = "passkey_per_client"


def pair_of(network: str, address: str) -> str:
    """The key of a rule that counts a network and an address together."""
    return f"{network} {address}"


DEFAULTS: dict[Rule, str] = {
    Rule.FORGOT_PER_CLIENT: "10/hour",
    Rule.FORGOT_PER_ADDRESS: "3/hour;5/day",  # silent: the answer stays the same, no mail goes out
    # all reset letters of the service together, counted where they leave: asking for strangers uses nothing up
    Rule.RESETS_SENT: "3000/hour",
    Rule.SIGNUP_PER_CLIENT: "10/5minute;30/hour",
    Rule.SIGNUP_PER_ADDRESS: "3/6hour",  # silent
    Rule.CONFIRMATION_PER_ADDRESS: "3/6hour",  # silent
    Rule.LOGIN_PER_CLIENT: "10/5minute",  # failures
    Rule.LOGIN_PER_ACCOUNT: "10/5minute",  # failures
    Rule.LOGIN_PER_CLIENT_AND_ACCOUNT: "20/hour",  # failures
    Rule.LOGIN_PER_CLIENT_UNDER_ATTACK: "3/5minute",  # failures, while `login_failures` is full
    Rule.LOGIN_PER_DEVICE: "10/5minute",  # failures, of a browser the account knows
    Rule.LOGIN_FAILURES: "1000/5minute",  # of everybody: full, it refuses nobody and raises suspicion
    Rule.TOKEN_PER_CLIENT: "150/5minute",
    Rule.PROVIDER_PER_CLIENT: "60/5minute",
    Rule.PROOF_PER_ADDRESS: "3/6hour",  # silent
    Rule.EMAIL_CHANGE_PER_ACCOUNT: "5/hour;10/day",
    Rule.EMAIL_CHANGE_PER_ADDRESS: "3/6hour",  # silent
    Rule.NEW_DEVICE_PER_ACCOUNT: "3/hour;6/day",  # silent: letters, not sign-ins
    Rule.LOGIN_LINK_PER_CLIENT: "10/hour",
    Rule.LOGIN_LINK_PER_ADDRESS: "3/hour;5/day",  # silent
    Rule.CALLS_PER_SERVICE: "1200/minute",  # of the user API, by the client's name, from wherever
    Rule.CLIENT_FAILURES: "30/5minute",  # failures of one client's name from one network
    Rule.CAPTCHA_PER_CLIENT: "30/5minute",  # answers that are looked at; each may cost a call to a vendor
    Rule.CAPTCHA_AWAY_PER_CLIENT: "5/hour",  # those let through while nobody can look at their answers
    Rule.CHALLENGE_PER_CLIENT: "60/5minute",  # tasks of our own captcha that are handed out
    Rule.CODE_PER_ACCOUNT: "5/5minute;20/hour;50/day",  # wrong codes, after a right password or in a session
    Rule.CODE_PER_CLIENT: "10/5minute;50/hour",  # wrong codes
    Rule.PASSKEY_PER_CLIENT: "300/5minute",  # challenges that are handed out, one with each visit to the sign-in page
}
