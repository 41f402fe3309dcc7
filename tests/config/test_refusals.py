"""What production refuses to run with, and the refusals that `AUTH_ENV=test` lifts: these and no more."""

from pathlib import Path

import pytest

from config.settings import SettingsError, load_settings
from tests.config.test_settings import GOOD

RECKLESS = [
    pytest.param({"AUTH_PUBLIC_URL": "http://accounts.example.org"}, "AUTH_PUBLIC_URL", id="plain HTTP"),
    pytest.param({"AUTH_PUBLIC_URL": ""}, "AUTH_PUBLIC_URL", id="no address at all"),
    pytest.param({"AUTH_MAIL_URLS": "smtp://mail.example.org"}, "AUTH_MAIL_URLS", id="mail without TLS"),
    pytest.param(
        {"AUTH_MAIL_URLS": "smtps://a.example.org,smtp://b.example.org?tls=none"},
        "AUTH_MAIL_URLS",
        id="one mail server without TLS",
    ),
    pytest.param(
        {"AUTH_PASSWORD_HIBP_URL": "http://mirror.example.org/range"},
        "AUTH_PASSWORD_HIBP_URL",
        id="hashes without TLS",
    ),
    pytest.param({"WEB_CONCURRENCY": "2"}, "AUTH_REDIS_URL", id="throttles not shared"),
    pytest.param({"AUTH_RESET_TTL": "5"}, "AUTH_RESET_TTL", id="links of seconds"),
    pytest.param({"AUTH_SESSION_SHORT": "5"}, "AUTH_SESSION_SHORT", id="sessions of seconds"),
]
NEVER = [
    pytest.param({"AUTH_SECRET_KEYS": ""}, "AUTH_SECRET_KEYS", id="no key"),
    pytest.param({"AUTH_MAIL_URLS": "devbox:"}, "AUTH_MAIL_URLS", id="no mail"),
]


@pytest.mark.case("SEC-01", "SEC-02")
@pytest.mark.parametrize(("variables", "blamed"), [*RECKLESS, *NEVER])
def test_production_refuses(variables: dict[str, str], blamed: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(GOOD | variables)
    (mistake,) = refused.value.mistakes
    assert mistake.startswith(f"{blamed}: ")


@pytest.mark.parametrize(("variables", "blamed"), RECKLESS)
def test_the_test_environment_lifts(variables: dict[str, str], blamed: str) -> None:
    assert load_settings(GOOD | {"AUTH_ENV": "test"} | variables).env == "test"


@pytest.mark.parametrize(("variables", "blamed"), NEVER)
def test_the_test_environment_does_not_lift(variables: dict[str, str], blamed: str) -> None:
    with pytest.raises(SettingsError, match=blamed):
        load_settings(GOOD | {"AUTH_ENV": "test"} | variables)


@pytest.mark.parametrize(("variables", "blamed"), [*RECKLESS, *NEVER])
def test_development_lifts_everything(
    variables: dict[str, str], blamed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(GOOD | {"AUTH_ENV": "development"} | variables).development


@pytest.mark.parametrize(
    "variables",
    [
        {"AUTH_MAIL_URLS": "smtp://mail.example.org:587?tls=starttls"},
        {"AUTH_MAIL_URLS": "smtps://mail.example.org"},
        {"WEB_CONCURRENCY": "2", "AUTH_REDIS_URL": "redis://localhost"},
        {"AUTH_RESET_TTL": "60"},
    ],
)
def test_production_runs_with(variables: dict[str, str]) -> None:
    assert load_settings(GOOD | variables).env == "production"


def test_refusals_come_together() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({})
    assert [mistake.partition(":")[0] for mistake in refused.value.mistakes] == [
        "AUTH_SECRET_KEYS",
        "AUTH_MAIL_URLS",
        "AUTH_PUBLIC_URL",
    ]
