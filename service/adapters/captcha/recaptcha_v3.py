"""reCAPTCHA v3, which asks nothing and gives a score (developers.google.com/recaptcha/docs/v3)."""

from collections.abc import Mapping
from typing import Any

from service.adapters.captcha.recaptcha_v2 import RecaptchaV2
from service.core.captcha import Place
from service.core.errors import CaptchaFailed


class RecaptchaV3(RecaptchaV2):
    """A token says for which action it was asked; the score is a hint that stands beside the throttles."""

    kind = "recaptcha_v3"

    def _script(self) -> str:
        return f"{self.script}?render={self._account.site_key}"

    def _check(self, report: Mapping[str, Any], place: Place) -> None:
        super()._check(report, place)
        if report.get("action") != place:
            raise CaptchaFailed
        self._account.require_score(report.get("score"))
