"""What reCAPTCHA began and others took over: a form with `secret` and `response`, a JSON report in return."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from service.adapters.captcha.account import Account
from service.adapters.captcha.verifier import Verifier
from service.core.captcha import Place, Solved, VerifierAway, Widget
from service.core.errors import CaptchaFailed
from service.core.values import Visit

# Reports that say nothing about the answer: our key is wrong, or the vendor is broken.
NOT_THE_READERS = frozenset({"missing-input-secret", "invalid-input-secret", "internal-error"})


class SiteVerify:
    """A vendor that is asked this way. Subclasses say who, and what else a report must hold."""

    kind: ClassVar[str]
    field: ClassVar[str]
    script: ClassVar[str]
    address: ClassVar[str]
    sources: ClassVar[Mapping[str, tuple[str, ...]]]
    lifetime: ClassVar[timedelta]

    def __init__(self, account: Account, address: str | None = None) -> None:
        self._account = account
        self._verifier = Verifier(address or self.address)
        self.widget = Widget(self.kind, self.field, account.site_key, self._script(), self.sources)

    def verify(self, token: str, place: Place, visit: Visit) -> Solved:
        """Ask the vendor. Raises `CaptchaFailed` and `VerifierAway`."""
        report = self._ask(token, visit.ip)
        if report.get("success") is not True:
            raise CaptchaFailed
        if not self._account.practice:
            self._check(report, place)
        return Solved(token, self.lifetime)

    def check(self) -> None:
        """Ask with an answer that cannot be right: the report tells whether our key is. Raises `VerifierAway`."""
        self._ask("an-answer-of-flask-doctor", "")

    def challenge(self) -> None:
        """The vendor hands them out."""

    def _ask(self, token: str, ip: str) -> dict[str, Any]:
        form = {"secret": self._account.secret, "response": token, **self._more()}
        if ip and ip != "unknown":
            form["remoteip"] = ip
        report = self._verifier.ask(data=form, statuses=(200, 400))
        codes = report.get("error-codes")
        troubles = NOT_THE_READERS.intersection(filter(_is_text, codes if isinstance(codes, list) else ()))
        if troubles:
            raise VerifierAway(", ".join(sorted(troubles)))
        return report

    def _script(self) -> str:
        return self.script

    def _more(self) -> dict[str, str]:
        """Further fields of the form."""
        return {}

    def _check(self, report: Mapping[str, Any], place: Place) -> None:
        """Raise `CaptchaFailed` for a right answer to another question."""
        self._account.require_host(report.get("hostname"))


def _is_text(code: object) -> bool:
    return isinstance(code, str)
