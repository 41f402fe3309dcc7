"""A captcha vendor on a port of its own: reCAPTCHA, hCaptcha or Turnstile, honest until told otherwise.

vendor = CaptchaVendor("turnstile")
make_service(database, **vendor.settings)
token = vendor.solve(action="signup")                  # a reader ticks the box
token = vendor.solve(action="login", hostname="evil.example", score=0.1)
vendor.fault("siteverify", status=500)                 # fail; also a delay, HTML, a redirect
vendor.heal()
"""

import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from flask import Flask, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.support.issuer_faults import FaultyEndpoints
from tests.support.processes import free_port

KINDS = ("recaptcha_v2", "recaptcha_v3", "recaptcha_enterprise", "hcaptcha", "turnstile")
WITH_ACTION = ("recaptcha_v3", "recaptcha_enterprise", "turnstile")
WITH_SCORE = ("recaptcha_v3", "recaptcha_enterprise")
PROJECT = "the-masthead"
Json = dict[str, Any]


@dataclass
class Ticket:
    """What the vendor knows of an answer it gave out."""

    action: str
    hostname: str
    score: float
    used: bool = False
    late: bool = False


class CaptchaVendor(FaultyEndpoints):
    """`settings` are the overrides for `make_service`. A `forgetful` one takes an answer again and again."""

    def __init__(self, kind: str) -> None:
        assert kind in KINDS
        self.kind = kind
        self.site_key, self.secret = f"site-key-of-{kind}", f"secret-key-of-{kind}"
        self.port = free_port()
        self.endpoint = "assessments" if kind == "recaptcha_enterprise" else "siteverify"
        self.tickets: dict[str, Ticket] = {}
        self.forgetful = False
        self._app = Flask("captcha_vendor")
        self._app.add_url_rule("/siteverify", "siteverify", self._siteverify, methods=["POST"])
        path = "/v1/projects/<project>/assessments"
        self._app.add_url_rule(path, "assessments", self._assess, methods=["POST"])
        self._app.add_url_rule("/elsewhere", "elsewhere", lambda: {"success": True}, methods=["GET", "POST"])
        self._server: BaseWSGIServer | None = None
        super().__init__(self._app)

    @property
    def address(self) -> str:
        path = f"v1/projects/{PROJECT}/assessments" if self.endpoint == "assessments" else "siteverify"
        return f"http://127.0.0.1:{self.port}/{path}"

    @property
    def settings(self) -> dict[str, str]:
        """AUTH_* overrides: `make_service(database, **vendor.settings)`."""
        return {
            "captcha": self.kind,
            "captcha_site_key": self.site_key,
            "captcha_secret_key": self.secret,
            "captcha_verify_url": self.address,
            **({"captcha_project_id": PROJECT} if self.endpoint == "assessments" else {}),
        }

    def solve(self, action: str = "signup", *, hostname: str = "localhost", score: float = 0.9) -> str:
        """Answer in the reader's place; the token is for the form."""
        token = secrets.token_urlsafe(300)
        self.tickets[token] = Ticket(action, hostname, score)
        return token

    def heal(self) -> None:
        """Be honest and well again."""
        self.faults.clear()

    def _siteverify(self) -> Json:
        """A form in; from JSON nobody but Turnstile would read anything, and we send it none."""
        form = request.form
        if "secret" not in form:
            return {"success": False, "error-codes": ["missing-input-secret"]}
        if form["secret"] != self.secret:
            return {"success": False, "error-codes": ["invalid-input-secret"]}
        if self.kind == "hcaptcha" and form.get("sitekey") != self.site_key:
            return {"success": False, "error-codes": ["sitekey-secret-mismatch"]}
        ticket = self.tickets.get(form.get("response", ""))
        if ticket is None:
            code = "invalid-input-response" if form.get("response") else "missing-input-response"
            return {"success": False, "error-codes": [code]}
        if not self._takes(ticket):
            return {"success": False, "error-codes": ["timeout-or-duplicate"]}
        report: Json = {"success": True, "challenge_ts": _now(), "hostname": ticket.hostname}
        if self.kind in WITH_ACTION:
            report |= {"action": ticket.action, "error-codes": []}
        if self.kind in WITH_SCORE:
            report["score"] = ticket.score
        return report

    def _assess(self, project: str) -> tuple[Json, int]:
        if request.args.get("key") != self.secret or project != PROJECT:
            return {
                "error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}
            }, 400
        event = request.get_json()["event"]
        ticket = self.tickets.get(event["token"])
        if ticket is None or event["siteKey"] != self.site_key:
            return {"tokenProperties": {"valid": False, "invalidReason": "MALFORMED"}}, 200
        if not self._takes(ticket):
            return {"tokenProperties": {"valid": False, "invalidReason": "DUPE"}}, 200
        properties = {
            "valid": True,
            "action": ticket.action,
            "hostname": ticket.hostname,
            "createTime": _now(),
        }
        return {"tokenProperties": properties, "riskAnalysis": {"score": ticket.score, "reasons": []}}, 200

    def _takes(self, ticket: Ticket) -> bool:
        fresh = not ticket.late and (self.forgetful or not ticket.used)
        ticket.used = True
        return fresh

    def start(self) -> None:
        """Listen; after `stop` on the same port again."""
        self.closing.clear()
        self._server = make_server(
            "127.0.0.1", self.port, self._app, threaded=True, request_handler=_QuietHandler
        )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name=self.kind, daemon=True).start()

    def stop(self) -> None:
        """Go away: the port refuses."""
        self.closing.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _QuietHandler(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Say nothing: `CaptchaVendor.requests` has it."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
