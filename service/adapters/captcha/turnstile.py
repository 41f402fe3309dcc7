"""Cloudflare Turnstile (developers.cloudflare.com/turnstile)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from service.adapters.captcha.siteverify import SiteVerify
from service.core.captcha import Place
from service.core.errors import CaptchaFailed

HOST = "https://challenges.cloudflare.com"


class Turnstile(SiteVerify):
    """Its tokens say for which action they were asked."""

    kind = "turnstile"
    field = "cf-turnstile-response"
    script = f"{HOST}/turnstile/v0/api.js"
    address = f"{HOST}/turnstile/v0/siteverify"
    # What Cloudflare's documentation names under content security policy.
    sources = {"script-src": (HOST,), "frame-src": (HOST,)}
    lifetime = timedelta(minutes=5)

    def _check(self, report: Mapping[str, Any], place: Place) -> None:
        super()._check(report, place)
        if report.get("action") != place:
            raise CaptchaFailed
