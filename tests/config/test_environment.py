"""Secrets from files, `.env` in development, and a key for development that nobody else can read."""

from pathlib import Path

import pytest

from config.settings import SettingsError, load_settings
from tests.config.test_settings import GOOD, KEY, OTHER_KEY


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{OTHER_KEY}\n")
    environment = {name: value for name, value in GOOD.items() if name != "AUTH_SECRET_KEYS"}
    chosen = load_settings(environment | {"AUTH_SECRET_KEYS_FILE": str(file)})
    assert [key.get_secret_value() for key in chosen.secret_keys] == [OTHER_KEY]


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "MAIL_URLS"])
def test_every_other_secret_can_too(name: str, tmp_path: Path) -> None:
    value = {
        "DATABASE_URL": "postgresql://h/db",
        "REDIS_URL": "redis://h",
        "MAIL_URLS": "smtps://mail.example.org",
    }[name]
    (tmp_path / "secret").write_text(value)
    environment = {key: text for key, text in GOOD.items() if key != f"AUTH_{name}"}
    chosen = load_settings(environment | {f"AUTH_{name}_FILE": str(tmp_path / "secret")})
    read = getattr(chosen, name.lower())
    assert (read[0] if isinstance(read, tuple) else read).get_secret_value() == value


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_a_mistake_like_any_other(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load_settings({"AUTH_SECRET_KEYS_FILE": str(file), "AUTH_LOG_LEVEL": "LOUD"})
    assert "AUTH_SECRET_KEYS_FILE: the file cannot be read" in str(refused.value)
    assert "AUTH_LOG_LEVEL" in str(refused.value)


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(OTHER_KEY)
    with pytest.raises(SettingsError) as refused:
        load_settings(GOOD | {"AUTH_SECRET_KEYS_FILE": str(tmp_path / "keys")})
    assert refused.value.mistakes == [
        "AUTH_SECRET_KEYS_FILE: AUTH_SECRET_KEYS is set as well; keep one of the two"
    ]
    assert KEY not in str(refused.value)


@pytest.mark.case("SEC-04")
def test_development_makes_itself_a_key_and_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = (load_settings({"AUTH_ENV": "development"}).secret_keys for _ in range(2))
    assert first == second
    assert len(first[0].get_secret_value()) == 64
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.case("FLT-37")
def test_only_development_makes_itself_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for environment in ({}, {"AUTH_ENV": "production"}, {"AUTH_ENV": "test"}):
        with pytest.raises(SettingsError, match="AUTH_SECRET_KEYS: set at least one key"):
            load_settings(environment)
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_development_speaks_only_in_development(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text('AUTH_SITE_NAME="From the file"\nAUTH_ACCENT_COLOR="#000000"\n')
    chosen = load_settings({"AUTH_ENV": "development", "AUTH_ACCENT_COLOR": "#ffffff"})
    assert chosen.site_name == "From the file"
    assert chosen.accent_color == "#ffffff"
    assert load_settings(GOOD).site_name == "The Masthead"
