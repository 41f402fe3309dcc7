"""reCAPTCHA Enterprise with a score key (cloud.google.com/recaptcha/docs/create-assessment-website)."""

from datetime import timedelta
from typing import Any

from service.adapters.captcha.account import Account
from service.adapters.captcha.recaptcha_v2 import FIELD, SOURCES
from service.adapters.captcha.verifier import Verifier
from service.core.captcha import Place, Solved, Widget
from service.core.errors import CaptchaFailed
from service.core.values import Visit

ADDRESS = "https://recaptchaenterprise.googleapis.com/v1/projects/{project}/assessments"
SCRIPT = "https://www.google.com/recaptcha/enterprise.js?render="
LIFETIME = timedelta(minutes=2)


class RecaptchaEnterprise:
    """An assessment of a token. The account's secret is an API key of the project."""

    def __init__(self, account: Account, project: str, address: str | None = None) -> None:
        self._account = account
        self._verifier = Verifier((address or ADDRESS).replace("{project}", project))
        self.widget = Widget(
            "recaptcha_enterprise", FIELD, account.site_key, SCRIPT + account.site_key, SOURCES
        )

    def verify(self, token: str, place: Place, visit: Visit) -> Solved:
        """Have the token assessed. Raises `CaptchaFailed` and `VerifierAway`."""
        properties, risk = self._assess(token, place, visit)
        if properties.get("valid") is not True or properties.get("action") != place:
            raise CaptchaFailed
        if properties.get("hostname"):  # some keys leave it out
            self._account.require_host(properties["hostname"])
        self._account.require_score(risk.get("score"))
        return Solved(token, LIFETIME)

    def check(self) -> None:
        """Have an impossible token assessed: a key that is wrong is refused with a status. Raises `VerifierAway`."""
        self._assess("an-answer-of-flask-doctor", Place.LOGIN, Visit(ip=""))

    def challenge(self) -> None:
        """The vendor hands them out."""

    def _assess(self, token: str, place: Place, visit: Visit) -> tuple[dict[str, Any], dict[str, Any]]:
        event = {"token": token, "siteKey": self._account.site_key, "expectedAction": str(place)}
        if visit.ip and visit.ip != "unknown":
            event |= {"userIpAddress": visit.ip, "userAgent": visit.agent}
        answer = self._verifier.ask(params={"key": self._account.secret}, json={"event": event})
        properties, risk = answer.get("tokenProperties"), answer.get("riskAnalysis")
        return properties if isinstance(properties, dict) else {}, risk if isinstance(risk, dict) else {}
