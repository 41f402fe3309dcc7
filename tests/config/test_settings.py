"""The environment is judged as a whole, and every mistake comes with its mend."""

import traceback
from datetime import timedelta

import pytest

from config.settings import Settings, SettingsError, load_settings

KEY = "0123456789abcdef-fedcba9876543210-key"
OTHER_KEY = "fedcba9876543210-0123456789abcdef-key"
GOOD = {
    "AUTH_SECRET_KEYS": KEY,
    "AUTH_PUBLIC_URL": "https://accounts.example.org",
    "AUTH_MAIL_URLS": "smtps://user:s3cret-of-the-mail@mail.example.org",
}


def mistakes(**variables: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load_settings(GOOD | {f"AUTH_{name.upper()}": value for name, value in variables.items()})
    return refused.value.mistakes


def settings(**variables: str) -> Settings:
    return load_settings(GOOD | {f"AUTH_{name.upper()}": value for name, value in variables.items()})


def test_nothing_said_means_production() -> None:
    assert settings().env == "production"


def test_every_mistake_is_reported_at_once() -> None:
    found = "\n".join(
        mistakes(
            accent_color="red",
            reset_ttl="soon",
            sesion_idle="60",
            public_url="accounts.example.org",
            trusted_proxies="-1",
        )
    )
    for variable in ("ACCENT_COLOR", "RESET_TTL", "SESION_IDLE", "PUBLIC_URL", "TRUSTED_PROXIES"):
        assert f"AUTH_{variable}: " in found


def test_a_misspelt_name_is_answered_with_the_right_one() -> None:
    assert mistakes(secret_key=KEY) == [
        "AUTH_SECRET_KEY: there is no such setting; did you mean AUTH_SECRET_KEYS?"
    ]


def test_a_name_like_nothing_else_is_refused_without_a_guess() -> None:
    assert mistakes(zzzzzz="1") == ["AUTH_ZZZZZZ: there is no such setting"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "https://accounts.example.org/login"),
        ("public_url", "https://accounts.example.org?x=1"),
        ("public_url", "ftp://accounts.example.org"),
        ("public_url", "https://[::1"),
        ("allowed_origins", "https://www.example.org/articles"),
        ("allowed_origins", "www.example.org"),
        ("allowed_origins", "null"),
        ("allowed_origins", "*"),
        ("logo_url", "javascript:alert(1)"),
        ("support_url", "javascript:alert(1)"),
        ("accent_color", "#12345"),
        ("accent_color", "#123456;}body{display:none"),
        ("site_name", "x" * 81),
        ("secret_keys", "too-short"),
        ("secret_keys", "changeme"),
        ("secret_keys", "a" * 64),
        ("secret_keys", "abababababababababababababababababababab"),
        ("secret_keys", f"{KEY},{KEY}"),
        ("secret_keys", f"{KEY},dev"),
        ("database_url", "accounts.db"),
        ("database_url", "mysql://user:pass@localhost/masthead"),
        ("redis_url", "localhost:6379"),
        ("mail_urls", "mail.example.org"),
        ("mail_urls", "smtps://mail.example.org,http://mail.example.org"),
        ("templates_dir", "/nowhere/at/all"),
        ("reset_ttl", "0"),
        ("reset_ttl", "-5"),
        ("reset_ttl", "1e3"),
        ("reset_ttl", "٣٦٠٠"),
        ("reset_ttl", "9" * 13),
        ("reset_ttl", "999999999999"),
        ("password_min_length", "7"),
        ("password_min_strength", "5"),
        ("argon2_memory_kib", "lots"),
        ("firebase_signer_key", "no base64!"),
        ("hash_concurrency", "0"),
        ("rate_limits", "login_per_account"),
        ("rate_limits", "login_per_account=ten/minute"),
        ("rate_limits", "login_per_account=0/minute"),
        ("rate_limit_scale", "0"),
        ("log_level", "LOUD"),
        ("log_format", "xml"),
        ("worker", "maybe"),
        ("mail_unknown", "always"),
        ("password_breach_check", "pwned"),
        ("password_hibp_url", "api.pwnedpasswords.com/range/"),
        ("env", "prod"),
    ],
)
@pytest.mark.case("SEC-01")
def test_a_value_that_cannot_be_used_is_named_by_its_variable(name: str, value: str) -> None:
    found = mistakes(**{name: value})
    assert any(mistake.startswith(f"AUTH_{name.upper()}: ") for mistake in found)


@pytest.mark.case("SEC-01")
@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("secret_keys", "changeme-but-known-4711", "known-4711"),
        ("secret_keys", f"{KEY},{KEY}", KEY),
        ("database_url", "mysql://user:hunter2@localhost/masthead", "hunter2"),
        ("redis_url", "http://:hunter2@localhost", "hunter2"),
        ("mail_urls", "imap://user:hunter2@mail.example.org", "hunter2"),
        ("mail_urls", "smtp://user:hunter2@mail.example.org", "hunter2"),
        ("mail_urls", "smtps://mail.example.org,devbox://hunter2", "hunter2"),
    ],
)
def test_a_secret_is_never_printed(name: str, value: str, secret: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(GOOD | {f"AUTH_{name.upper()}": value})
    assert f"AUTH_{name.upper()}" in str(refused.value)
    assert secret not in "".join(traceback.format_exception(refused.value))


def test_the_settings_do_not_show_their_secrets() -> None:
    shown = repr(settings(database_url="postgresql://user:hunter2@localhost/masthead"))
    assert "hunter2" not in shown
    assert "s3cret-of-the-mail" not in shown
    assert KEY not in shown


def test_the_lists_forgive_spaces_and_capitals() -> None:
    chosen = settings(
        allowed_origins=" https://WWW.example.org/ , https://example.org,",
        secret_keys=f"{KEY} , {OTHER_KEY}",
        rate_limits="login_per_account=10/15minute, forgot_per_client = 3/hour;5/day",
    )
    assert chosen.allowed_origins == ("https://www.example.org", "https://example.org")
    assert [key.get_secret_value() for key in chosen.secret_keys] == [KEY, OTHER_KEY]
    assert len(chosen.rate_limits) == 2


def test_spans_are_given_in_seconds() -> None:
    assert settings(reset_ttl="1800").reset_ttl == timedelta(minutes=30)


def test_the_site_and_its_origin_default_to_the_public_url() -> None:
    assert settings().site_url == "https://accounts.example.org"
    assert settings().allowed_origins == ("https://accounts.example.org",)
    chosen = settings(site_url="https://www.example.org")
    assert chosen.allowed_origins == ("https://www.example.org",)


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert settings(redis_url="", accent_color="").redis_url is None


@pytest.mark.parametrize(("env", "worker"), [("production", "process"), ("development", "thread")])
def test_development_delivers_by_itself(
    env: str, worker: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings(env=env).worker == worker


@pytest.mark.parametrize("address", ["http://localhost:4318", "https://name:key@traces.example.org/otlp"])
def test_a_collector_of_traces_has_an_address(address: str) -> None:
    chosen = settings(otlp_endpoint=address).otlp_endpoint
    assert chosen is not None
    assert chosen.get_secret_value() == address


@pytest.mark.parametrize(
    "address",
    [
        "localhost:4318",
        "hunter2",
        "http://",
        "grpc://localhost:4317",
        "http://h:99999",
        "http://h/?key=hunter2",
    ],
)
def test_what_is_no_address_of_a_collector_is_refused_with_the_mend(address: str) -> None:
    assert mistakes(otlp_endpoint=address) == [
        "AUTH_OTLP_ENDPOINT: give a collector's address such as http://localhost:4318"
    ]


@pytest.mark.parametrize(
    "address", ["bounces", "Bounces <bounces@example.org>", "b+x@example.org", "x" * 21 + "@example.org"]
)
def test_a_bounce_address_is_plain_and_leaves_room_for_a_token(address: str) -> None:
    (mistake,) = mistakes(mail_bounce_address=address)
    assert mistake.startswith("AUTH_MAIL_BOUNCE_ADDRESS: ")
    assert settings(mail_bounce_address="bounces@example.org").mail_bounce_address == "bounces@example.org"


@pytest.mark.parametrize("half", [{"mail_dkim_selector": "m1"}, {"mail_dkim_private_key": "-----BEGIN"}])
def test_signing_takes_a_key_and_its_name(half: dict[str, str]) -> None:
    (mistake,) = mistakes(**half)
    assert mistake.startswith("AUTH_MAIL_DKIM_SELECTOR: ")


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail_events_postmark_secret": "short"},
        {"mail_dkim_domain": "not a domain"},
        {"dns_server": "dns.example.org"},
        {"mail_senders": "0"},
        {"mail_domain_rate": "-1"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_settings_of_mail_are_judged_at_start(wrong: dict[str, str]) -> None:
    (mistake,) = mistakes(**wrong)
    assert mistake.startswith(f"AUTH_{next(iter(wrong)).upper()}: ")
