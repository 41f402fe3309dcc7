"""The settings of other providers: Google's, Apple's, and any number of `AUTH_OIDC_<NAME>_*`."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from config.kinds import Environment

if TYPE_CHECKING:
    from config.settings import Settings

FIELD = re.compile(r"oidc_(?P<name>[a-z0-9]+(?:_[a-z0-9]+)*)_(?P<field>issuer|client_id|client_secret|label)")
TAKEN = frozenset({"google", "apple", "connect", "link", "mfa", "passkey"})  # paths below /login
GOOGLE = ("google_client_id", "google_client_secret")
APPLE = ("apple_client_id", "apple_team_id", "apple_key_id", "apple_private_key")


class OidcIssuer(BaseModel):
    """Any other OpenID Connect issuer. `name` is in its paths, `label` on its button."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    issuer: str
    client_id: str
    client_secret: SecretStr = SecretStr("")
    label: str = ""


def gather(given: Mapping[str, str]) -> tuple[list[OidcIssuer], list[str]]:
    """Return the issuers that `AUTH_OIDC_*` describe, and what is wrong with them."""
    found: dict[str, dict[str, str]] = {}
    mistakes = []
    for key, value in given.items():
        match = FIELD.fullmatch(key)
        if match is None:
            mistakes.append(
                f"AUTH_{key.upper()}: write AUTH_OIDC_<NAME>_ISSUER, _CLIENT_ID, _CLIENT_SECRET or _LABEL"
            )
        elif value:
            found.setdefault(match["name"], {})[match["field"]] = value
    issuers = []
    for name, fields in found.items():
        variable = f"AUTH_OIDC_{name.upper()}"
        missing = [field for field in ("issuer", "client_id") if field not in fields]
        mistakes += [f"{variable}_{field.upper()}: is missing" for field in missing]
        if name in TAKEN:
            mistakes.append(f"{variable}_ISSUER: the name {name} is taken; choose another one")
        elif not missing:
            issuers.append(OidcIssuer(**{"label": name.replace("_", " ").title(), **fields, "name": name}))
    return issuers, mistakes


def provider_refusals(settings: "Settings") -> list[str]:
    """Return a sentence for everything that is wrong with the providers' settings."""
    mistakes = _incomplete(settings, GOOGLE) + _incomplete(settings, APPLE)
    if settings.apple_private_key and "PRIVATE KEY" not in settings.apple_private_key.get_secret_value():
        mistakes.append(
            "AUTH_APPLE_PRIVATE_KEY: give the text of the .p8 file, or AUTH_APPLE_PRIVATE_KEY_FILE"
        )
    for name, issuer in _issuers(settings):
        parts = urlsplit(issuer)
        if not parts.hostname or parts.query or parts.fragment or parts.scheme not in ("http", "https"):
            mistakes.append(f"{name}: give an issuer such as https://login.example.org")
        elif parts.scheme == "http" and settings.env is Environment.PRODUCTION:
            mistakes.append(
                f"{name}: whoever is on the way could sign in as anybody; give an https:// issuer"
            )
    if settings.fake_provider and not settings.development:
        mistakes.append(
            "AUTH_FAKE_PROVIDER: it lets anybody be anybody; it runs in development only, leave it out"
        )
    return mistakes


def _issuers(settings: "Settings") -> list[tuple[str, str]]:
    named = [(f"AUTH_OIDC_{one.name.upper()}_ISSUER", one.issuer) for one in settings.oidc_issuers]
    return [
        ("AUTH_GOOGLE_ISSUER", settings.google_issuer),
        ("AUTH_APPLE_ISSUER", settings.apple_issuer),
        *named,
    ]


def _incomplete(settings: "Settings", names: tuple[str, ...]) -> list[str]:
    missing = [name for name in names if not getattr(settings, name)]
    if not missing or len(missing) == len(names):
        return []
    return [f"AUTH_{name.upper()}: is missing, the others of its kind are set" for name in missing]
