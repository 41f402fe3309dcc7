"""Staff: an account with the role and a passkey, at a browser that is signed in with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pyotp import TOTP
from werkzeug.test import TestResponse

from service.core.directory import AuditEvent, AuditQuestion
from service.core.values import User
from tests.support.authenticator import Authenticator
from tests.support.pages import hidden_fields
from tests.support.people import PASSWORD, add_reader, signed_in
from tests.support.service import Client, Service

STAFF_ADDRESS = "desk@example.org"


@dataclass
class Staff:
    """A browser of the staff. `press` sends the form of a page whose action is a path."""

    service: Service
    user: User
    passkey: Authenticator
    browser: Client

    def get(self, path: str) -> TestResponse:
        return self.browser.get(path)

    def press(self, path: str, *, on: str, **fields: str) -> TestResponse:
        """Open a page, and send the form that leads to a path; it must be there."""
        page = self.get(on)
        assert page.status_code == 200, page.status
        assert f'action="{path}"' in page.text, f"{on} has no form for {path}"
        return self.send(path, page.text, **fields)

    def send(self, path: str, page: str | None = None, **fields: str) -> TestResponse:
        """Send a form that may be on no page."""
        text = page or self.get("/login?again=1").text
        token = {"csrf_token": hidden_fields(text)["csrf_token"]}
        return self.browser.request("POST", path, data=token | fields)

    def sign_in_again(self) -> None:
        options = self.browser.post("/api/v1/login/passkey/options").json
        assert options is not None
        answer = self.browser.post(
            "/api/v1/login/passkey", {"credential": self.passkey.sign(options["options"])}
        )
        assert answer.status_code == 200, answer.text


def hire(service: Service, email: str = STAFF_ADDRESS, **details: Any) -> Staff:
    """Make an account with the role, add a passkey, and sign in with it."""
    user = add_reader(service, email, roles=["admin"], **details)
    browser = signed_in(service, email)
    passkey = Authenticator(service.settings.public_url)
    options = browser.post("/api/v1/me/passkey-options", {"current_password": PASSWORD}).json
    assert options is not None
    made = browser.post("/api/v1/me/passkeys", {"credential": passkey.make(options["options"])})
    assert made.status_code == 201, made.text
    staff = Staff(service, user, passkey, browser)
    staff.sign_in_again()
    return staff


def turn_on(browser: Client) -> str:
    """Set an authenticator app up; returns its secret."""
    app = browser.post("/api/v1/me/mfa/totp", {"current_password": PASSWORD}).json
    assert app
    done = browser.post("/api/v1/me/mfa/totp/confirm", {"code": TOTP(app["secret"]).now()})
    assert done.status_code == 200
    return str(app["secret"])


def events(service: Service, kind: str, user_id: UUID | None = None) -> Sequence[AuditEvent]:
    """What the audit trail has of a kind, the newest first."""
    question = AuditQuestion(user_id=user_id, kind=kind)
    found: Sequence[AuditEvent] = service.parts.flows.directory.events(question, cursor=None, limit=50).items
    return found
