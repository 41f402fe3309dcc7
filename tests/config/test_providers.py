"""The settings of providers: complete or refused, HTTPS in production, names that are free, secrets from files."""

from pathlib import Path

import pytest

from tests.config.test_settings import mistakes, settings

PEM = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"
APPLE = {"apple_client_id": "a", "apple_team_id": "b", "apple_key_id": "c", "apple_private_key": PEM}
PRESS = {"oidc_press_issuer": "https://press.example.org", "oidc_press_client_id": "masthead"}


@pytest.mark.parametrize("missing", sorted(APPLE))
def test_half_of_apple_is_refused(missing: str) -> None:
    given = {name: value for name, value in APPLE.items() if name != missing}
    assert mistakes(**given) == [f"AUTH_{missing.upper()}: is missing, the others of its kind are set"]


def test_half_of_google_is_refused() -> None:
    (told,) = mistakes(google_client_id="1")
    assert told.startswith("AUTH_GOOGLE_CLIENT_SECRET: is missing")


@pytest.mark.parametrize("field", ["issuer", "client_id"])
def test_half_of_another_issuer_is_refused(field: str) -> None:
    given = {name: value for name, value in PRESS.items() if not name.endswith(field)}
    assert mistakes(**given) == [f"AUTH_OIDC_PRESS_{field.upper()}: is missing"]


def test_an_issuer_is_named_and_labelled_by_its_variables() -> None:
    (press,) = settings(**PRESS).oidc_issuers
    assert (press.name, press.label, press.client_id) == ("press", "Press", "masthead")
    (club,) = settings(**PRESS, oidc_press_label="Press club").oidc_issuers
    assert club.label == "Press club"


@pytest.mark.parametrize("name", ["google", "apple", "connect", "link", "mfa", "passkey"])
def test_names_that_are_paths_of_ours_are_taken(name: str) -> None:
    given = {f"oidc_{name}_issuer": "https://x.example", f"oidc_{name}_client_id": "1"}
    assert "is taken" in mistakes(**given)[0]


@pytest.mark.case("OAC-44")
@pytest.mark.parametrize("name", ["google_issuer", "apple_issuer", "oidc_press_issuer"])
@pytest.mark.parametrize(
    "issuer", ["http://x.example", "x.example", "https://x.example?a", "ftp://x.example"]
)
def test_production_wants_an_https_issuer(name: str, issuer: str) -> None:
    (told,) = mistakes(**PRESS | {name: issuer})
    assert told.startswith(f"AUTH_{name.upper()}: ")


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    place = tmp_path / "secret"
    place.write_text("from-a-file\n")
    (press,) = settings(**PRESS, oidc_press_client_secret_file=str(place)).oidc_issuers
    assert press.client_secret.get_secret_value() == "from-a-file"
    assert "from-a-file" not in repr(press)


def test_the_stand_in_is_refused_in_production() -> None:
    (told,) = mistakes(fake_provider="true")
    assert told.startswith("AUTH_FAKE_PROVIDER: ")


def test_a_key_that_is_none_is_refused() -> None:
    (told,) = mistakes(**APPLE | {"apple_private_key": "a path?"})
    assert told.startswith("AUTH_APPLE_PRIVATE_KEY: ")
    assert "a path?" not in told
