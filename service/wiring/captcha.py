"""The captcha, as the settings name it."""

from urllib.parse import urlsplit

from config.captcha import CaptchaKind
from config.kinds import plain
from config.settings import Settings
from service.adapters.captcha import CaptchaSettings, open_captcha
from service.adapters.captcha.account import Account
from service.core.captcha import Captcha, Place, When, WhenAway
from service.core.ports import Clock, Store, Throttles
from service.core.return_urls import ReturnUrls
from service.flows.captcha import Captchas
from service.flows.suspicion import FailuresRaiseSuspicion
from service.wiring.basics import secrets_of


def assemble_captchas(
    settings: Settings, clock: Clock, store: Store, throttles: Throttles, return_urls: ReturnUrls
) -> Captchas:
    """Say who is asked, and what becomes of their answers."""
    return Captchas(
        store,
        clock,
        throttles,
        FailuresRaiseSuspicion(throttles),
        configured_captcha(settings, return_urls),
        {Place(place): When(when) for place, when in settings.captcha_on.items()},
        {Place(place): WhenAway(what) for place, what in settings.captcha_failure.items()},
    )


def configured_captcha(settings: Settings, return_urls: ReturnUrls) -> Captcha | None:
    """Open the captcha that is configured, if any. Answers count that were given on the service or the site."""
    if settings.captcha is CaptchaKind.NONE:
        return None
    origins = {return_urls.own_origin, *return_urls.allowed_origins}
    account = Account(
        settings.captcha_site_key,
        plain(settings.captcha_secret_key),
        frozenset(urlsplit(origin).hostname or "" for origin in origins),
        settings.captcha_min_score,
        practice=settings.captcha_practice and settings.captcha_verify_url is None,
    )
    told = CaptchaSettings(
        account, settings.captcha_project_id, settings.captcha_verify_url, secrets_of(settings)
    )
    return open_captcha(settings.captcha, told)
