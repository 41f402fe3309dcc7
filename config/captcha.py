"""The settings of captchas: which, where, when, and what happens while its verifier is away."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator

from config.kinds import Environment, plain, split_commas

if TYPE_CHECKING:
    from config.settings import Settings

PLACES = ("signup", "forgot", "login")
WHEN_AWAY = {"signup": "closed", "forgot": "open", "login": "open"}
# Keys that vendors publish for tests: whoever knows them passes.
TEST_KEYS = re.compile(r"6LeIxAcTAAAAA.*|[123]0000000-ffff-ffff-ffff-0+[123]|0x0{40}|[123]x0{15,}[0-9A-F]+")


class CaptchaKind(StrEnum):
    """Whose captcha stands before the forms."""

    NONE = "none"
    RECAPTCHA_V2 = "recaptcha_v2"
    RECAPTCHA_V3 = "recaptcha_v3"
    RECAPTCHA_ENTERPRISE = "recaptcha_enterprise"
    HCAPTCHA = "hcaptcha"
    TURNSTILE = "turnstile"
    ALTCHA = "altcha"


def _places(value: Any) -> Any:
    """Turn "signup,login:suspicion" into {"signup": "always", "login": "suspicion"}."""
    if not isinstance(value, str):
        return value
    parts = [part.partition(":") for part in split_commas(value)]
    found = {place.strip(): when.strip() if colon else "always" for place, colon, when in parts}
    if not found.keys() <= set(PLACES) or not set(found.values()) <= {"always", "suspicion"}:
        raise ValueError("list places: signup, forgot, login; login:suspicion asks only whom we suspect")
    return found


def _when_away(value: Any) -> Any:
    """Turn "signup=open" into what every place does; those not named do as by default."""
    if not isinstance(value, str):
        return value
    found = dict(part.replace(" ", "").partition("=")[::2] for part in split_commas(value))
    if not found.keys() <= set(PLACES) or not set(found.values()) <= {"open", "closed"}:
        raise ValueError("write signup=closed,forgot=open,login=open")
    return WHEN_AWAY | found


class CaptchaVariables(BaseModel):
    """What `AUTH_CAPTCHA` and `AUTH_CAPTCHA_*` say."""

    captcha: CaptchaKind = CaptchaKind.NONE
    captcha_site_key: str = Field("", pattern=r"^[A-Za-z0-9_-]*$")
    captcha_secret_key: SecretStr | None = None
    captcha_min_score: float = Field(0.5, ge=0, le=1)
    captcha_project_id: str = Field("", pattern=r"^[A-Za-z0-9:.-]*$")
    captcha_verify_url: str | None = None
    captcha_on: Annotated[Mapping[str, str], BeforeValidator(_places)] = {
        "signup": "always",
        "forgot": "always",
    }
    captcha_failure: Annotated[Mapping[str, str], BeforeValidator(_when_away)] = WHEN_AWAY

    @field_validator("captcha_verify_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("give the whole address, such as https://verify.example.org/siteverify")
        return value or None

    @property
    def captcha_practice(self) -> bool:
        """Whether the keys are those a vendor publishes for tests."""
        keys = (self.captcha_site_key, plain(self.captcha_secret_key))
        return any(TEST_KEYS.fullmatch(key) for key in keys)


def captcha_refusals(settings: "Settings") -> list[str]:
    """Return a sentence for everything that is wrong with the captcha's settings."""
    if settings.captcha in (CaptchaKind.NONE, CaptchaKind.ALTCHA):
        return []
    needed = {
        "captcha_site_key": settings.captcha_site_key,
        "captcha_secret_key": plain(settings.captcha_secret_key),
    }
    if settings.captcha is CaptchaKind.RECAPTCHA_ENTERPRISE:
        needed["captcha_project_id"] = settings.captcha_project_id
    mistakes = [
        f"AUTH_{name.upper()}: is missing; AUTH_CAPTCHA={settings.captcha} needs it"
        for name, value in needed.items()
        if not value
    ]
    if settings.env is not Environment.PRODUCTION:
        return mistakes
    if settings.captcha_practice:
        mistakes.append(
            "AUTH_CAPTCHA_SECRET_KEY: a key published for tests lets every robot pass; get keys of your own"
        )
    if settings.captcha_verify_url and urlsplit(settings.captcha_verify_url).scheme != "https":
        mistakes.append(
            "AUTH_CAPTCHA_VERIFY_URL: whoever is on the way could let robots pass; give an https:// address"
        )
    return mistakes
