"""The settings of captchas: complete or refused, places and policies by name, no keys published for tests."""

import pytest

from tests.config.test_settings import mistakes, settings

KEYS = {"captcha_site_key": "0x4AAAAAAADnPIDROrmt1Wwj", "captcha_secret_key": "0x4AAAAAAADnOjc0PNeA8qVm"}
VENDORS = ("recaptcha_v2", "recaptcha_v3", "hcaptcha", "turnstile")


def test_without_a_word_there_is_none() -> None:
    chosen = settings()
    assert chosen.captcha == "none"


@pytest.mark.case("CAP-05")
@pytest.mark.parametrize("kind", VENDORS)
def test_a_vendor_without_its_keys_is_refused(kind: str) -> None:
    for missing in KEYS:
        (told,) = mistakes(**KEYS | {"captcha": kind, missing: ""})
        assert told == f"AUTH_{missing.upper()}: is missing; AUTH_CAPTCHA={kind} needs it"
    assert settings(**KEYS, captcha=kind).captcha == kind


def test_enterprise_needs_its_project_too_and_our_own_needs_nothing() -> None:
    (told,) = mistakes(**KEYS, captcha="recaptcha_enterprise")
    assert told.startswith("AUTH_CAPTCHA_PROJECT_ID: is missing")
    assert settings(**KEYS, captcha="recaptcha_enterprise", captcha_project_id="a-project")
    assert settings(captcha="altcha").captcha == "altcha"


PUBLISHED = {
    "recaptcha_v2": ("6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI", "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe"),
    "hcaptcha": ("10000000-ffff-ffff-ffff-000000000001", "0x0000000000000000000000000000000000000000"),
    "turnstile": ("1x00000000000000000000AA", "1x0000000000000000000000000000000AA"),
}


@pytest.mark.case("CAP-05")
@pytest.mark.parametrize("kind", PUBLISHED)
def test_keys_published_for_tests_are_refused_in_production(kind: str) -> None:
    site_key, secret = PUBLISHED[kind]
    for given in ({"captcha_site_key": site_key}, {"captcha_secret_key": secret}):
        (told,) = mistakes(**KEYS | {"captcha": kind} | given)
        assert told.startswith("AUTH_CAPTCHA_SECRET_KEY: ")
        assert secret not in told
        assert settings(**KEYS | {"captcha": kind, "env": "test"} | given).captcha_practice


@pytest.mark.case("CAP-05")
def test_every_secret_that_turnstile_publishes_is_refused() -> None:
    for digit, kind in ((d, k) for d in "123" for k in ("AA", "BB")):
        secret = f"{digit}x0000000000000000000000000000000{kind}"
        assert mistakes(captcha="turnstile", captcha_site_key="x", captcha_secret_key=secret)


def test_production_asks_its_verifier_over_https_only() -> None:
    for address in ("http://verify.example.org/x", "verify.example.org", "ftp://x/y"):
        (told,) = mistakes(**KEYS, captcha="turnstile", captcha_verify_url=address)
        assert told.startswith("AUTH_CAPTCHA_VERIFY_URL: ")
    given = KEYS | {"captcha": "turnstile", "captcha_verify_url": "http://127.0.0.1:9/siteverify"}
    assert settings(**given, env="test").captcha_verify_url == "http://127.0.0.1:9/siteverify"


def test_places_ask_always_or_under_suspicion() -> None:
    assert settings().captcha_on == {"signup": "always", "forgot": "always"}
    assert settings(captcha_on="signup, forgot,login").captcha_on == {
        "signup": "always",
        "forgot": "always",
        "login": "always",
    }
    assert settings(captcha_on="login:suspicion").captcha_on == {"login": "suspicion"}
    for wrong in ("sign-up", "signup:never", "login:", "signup;login"):
        (told,) = mistakes(captcha_on=wrong)
        assert told.startswith("AUTH_CAPTCHA_ON: ")


def test_a_place_that_is_not_named_keeps_its_policy() -> None:
    assert settings(captcha_failure="signup=open").captcha_failure == {
        "signup": "open",
        "forgot": "open",
        "login": "open",
    }
    for wrong in ("signup", "signup=ajar", "elsewhere=open"):
        (told,) = mistakes(captcha_failure=wrong)
        assert told.startswith("AUTH_CAPTCHA_FAILURE: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [("captcha", "friendly"), ("captcha_min_score", "1.1"), ("captcha_site_key", '"><script>')],
)
def test_what_cannot_be_is_named(name: str, value: str) -> None:
    (told,) = mistakes(**{name: value})
    assert told.startswith(f"AUTH_{name.upper()}: ")


def test_the_secret_is_not_shown() -> None:
    assert KEYS["captcha_secret_key"] not in repr(settings(**KEYS, captcha="turnstile"))
