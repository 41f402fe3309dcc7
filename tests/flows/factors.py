"""Second factors and passkeys as their readers use them: set one up, be asked for it, show it."""

from datetime import timedelta

from pyotp import TOTP
from sqlalchemy import select

from service.store.schema import AuditRow
from service.store.schema_mail import OutboxTable
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    join,
    letters_to,
    log_in,
    signed_in,
    token_in,
)
from tests.support.authenticator import Authenticator

TOTP_PATH, CODES_PATH, PASSKEYS_PATH = (
    "/api/v1/me/mfa/totp",
    "/api/v1/me/mfa/recovery-codes",
    "/api/v1/me/passkeys",
)
WITH_PASSWORD = {"current_password": PASSWORD}
STEP = "masthead-second-step"
STEP_LENGTH = timedelta(seconds=30)


class App:
    """An authenticator app; `ahead` is by how many time steps its clock is ahead of the service's."""

    def __init__(self, secret, clock):
        self.secret, self.clock = secret, clock

    def code(self, ahead=0):
        return TOTP(self.secret).at(self.clock() + ahead * STEP_LENGTH)

    def next_code(self):
        """A code that was not used yet: time passes until the next one."""
        self.clock.advance(seconds=30)
        return self.code()


def offered(browser, clock, **again):
    """Begin to set an app up; the app, which has shown no code yet."""
    answer = browser.post(TOTP_PATH, again or WITH_PASSWORD)
    assert answer.status_code == 201, answer.text
    return App(answer.json["secret"], clock)


def turned_on(browser, clock, **again):
    """Turn the second factor on; the app and the recovery codes."""
    app = offered(browser, clock, **again)
    answer = browser.post(f"{TOTP_PATH}/confirm", {"code": app.code()})
    assert answer.status_code == 200, answer.text
    return app, answer.json["recovery_codes"]


def guarded(service, clock, **details):
    """A reader whose account asks for a second factor: a browser that is signed in, the app, the recovery codes."""
    join(service, **details)
    browser = signed_in(service)
    return browser, *turned_on(browser, clock)


def asked(answer):
    """The token of a sign-in that waits for its second factor; the answer has no session."""
    assert (answer.status_code, answer.json["code"]) == (401, "mfa_required"), answer.text
    assert "masthead=" not in "".join(answer.headers.getlist("Set-Cookie"))
    return answer.json["mfa_token"]


def waiting(service, browser=None, **more):
    """A browser whose password was right, and its token."""
    browser = browser or service.client()
    return browser, asked(log_in(browser, **more))


def show(browser, token, code, method="totp"):
    return browser.post("/api/v1/login/mfa", {"mfa_token": token, "method": method, "code": code})


def show_passkey(browser, token, credential):
    return browser.post(
        "/api/v1/login/mfa", {"mfa_token": token, "method": "passkey", "credential": credential}
    )


def passkey_for(service, browser, *, authenticator=None, name=None, **again):
    """Add a passkey; its authenticator, and what the service answered."""
    authenticator = authenticator or Authenticator(service.settings.public_url)
    answer = add(browser, authenticator.make(creation_options(browser, **again)), name=name)
    assert answer.status_code == 201, answer.text
    return authenticator, answer.json


def creation_options(browser, **again):
    answer = browser.post("/api/v1/me/passkey-options", again or WITH_PASSWORD)
    assert answer.status_code == 200, answer.text
    return answer.json["options"]


def add(browser, credential, **more):
    return browser.post(PASSKEYS_PATH, {"credential": credential} | more)


def request_options(browser):
    answer = browser.post("/api/v1/login/passkey/options")
    assert answer.status_code == 200, answer.text
    return answer.json["options"]


def with_passkey(browser, authenticator, **changed):
    """Sign in with nothing but a passkey; `changed` overwrites parts of the client data."""
    return present(browser, authenticator.sign(request_options(browser), **changed))


def present(browser, credential, **more):
    return browser.post("/api/v1/login/passkey", {"credential": credential} | more)


def told_of(service):
    """The changes that letters about second factors tell, oldest first."""
    with service.parts.store.engine.connect() as connection:
        rows = connection.execute(
            select(OutboxTable.context)
            .where(OutboxTable.letter == "second_factor_changed")
            .order_by(OutboxTable.created_at, OutboxTable.id)
        )
        return [row.context["change"] for row in rows]


def events(service, *beginnings):
    """The kinds in the audit trail that begin so, oldest first."""
    with service.parts.store.engine.connect() as connection:
        kinds = connection.execute(select(AuditRow.kind).order_by(AuditRow.at, AuditRow.id)).scalars()
        return [kind for kind in kinds if kind.startswith(beginnings)]


def new_password(service):
    """Choose a new password by mail."""
    browser = service.client()
    assert browser.post("/api/v1/password/forgot", {"email": ADDRESS}).status_code == 202
    letters = [letter for letter in letters_to(service) if "/reset-password" in letter.raw.decode()]
    token = token_in(letters[-1], "/reset-password")
    answer = browser.post("/api/v1/password/reset", {"token": token, "password": OTHER_PASSWORD})
    assert answer.status_code == 200, answer.text
