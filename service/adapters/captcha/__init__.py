"""Captchas: a file each beside this one, and a line in `CAPTCHAS`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from service.adapters.captcha.account import Account
from service.adapters.captcha.altcha import Altcha
from service.adapters.captcha.hcaptcha import HCaptcha
from service.adapters.captcha.recaptcha_enterprise import RecaptchaEnterprise
from service.adapters.captcha.recaptcha_v2 import RecaptchaV2
from service.adapters.captcha.recaptcha_v3 import RecaptchaV3
from service.adapters.captcha.turnstile import Turnstile
from service.core.captcha import Captcha


@dataclass(frozen=True)
class CaptchaSettings:
    """What an operator says of a captcha. `secrets` are the service's own keys, newest first."""

    account: Account
    project: str = ""
    address: str | None = None
    secrets: Sequence[bytes] = field(default=(), repr=False)


CAPTCHAS: dict[str, Callable[[CaptchaSettings], Captcha]] = {
    "recaptcha_v2": lambda told: RecaptchaV2(told.account, told.address),
    "recaptcha_v3": lambda told: RecaptchaV3(told.account, told.address),
    "recaptcha_enterprise": lambda told: RecaptchaEnterprise(told.account, told.project, told.address),
    "hcaptcha": lambda told: HCaptcha(told.account, told.address),
    "turnstile": lambda told: Turnstile(told.account, told.address),
    "altcha": lambda told: Altcha(told.secrets),
}


def open_captcha(kind: str, told: CaptchaSettings) -> Captcha:
    """Return the captcha of that kind. Nobody is asked yet."""
    return CAPTCHAS[kind](told)
