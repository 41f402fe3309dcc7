"""Flask-Login over server-side sessions: the cookie's secret is looked up at each request, nothing else counts."""

from datetime import timedelta
from typing import cast

from flask import Flask, Request, Response, flash, request, session
from flask_login import LoginManager, UserMixin, current_user

from service.core.errors import Unauthenticated
from service.core.wording import sentence
from service.flows.devices import REMEMBERED
from service.flows.sessions import SignedIn
from service.http.cookies import DEVICE, SECOND_STEP, SESSION, jar
from service.http.origins import require_own_origin
from service.http.requests import flows, visit

KEPT = sentence("Welcome back. Your account stays and will not be deleted.")


class Reader(UserMixin):  # type: ignore[misc]
    """The signed-in reader as Flask-Login knows them."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.signed_in = signed_in

    def get_id(self) -> str:
        return str(self.signed_in.user.id)


def register(app: Flask) -> None:
    """Let Flask-Login find the reader by our cookie; its own cookies and session keys are not in use."""
    manager = LoginManager(app, add_context_processor=False)  # `web.presentation` survives an absent database
    manager.session_protection = None
    app.config["REMEMBER_COOKIE_NAME"] = "\0not-in-use"

    @manager.request_loader  # type: ignore[untyped-decorator]
    def load_reader(_: Request) -> Reader | None:
        found = flows().sessions.resolve(jar().read(SESSION), visit())
        return Reader(found) if found else None


def signed_in() -> SignedIn | None:
    """Who this request comes from, None for nobody."""
    if presented_secret() is None:  # most requests: Flask-Login would look into its own cookies first
        return None
    return cast(Reader, current_user).signed_in if current_user.is_authenticated else None


def require_signed_in() -> SignedIn:
    """Who this request comes from. Raises `Unauthenticated`, and `CrossOriginRefused` for changes from elsewhere."""
    found = signed_in()
    if found is None:
        raise Unauthenticated
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        require_own_origin()
    return found


def presented_secret() -> str | None:
    """The session cookie as it came, alive or not."""
    return jar().read(SESSION)


def begin(response: Response, begun: SignedIn, *, notice: str | None = None) -> Response:
    """Hand the browser its new or renewed session; what forms remembered about the visitor is forgotten."""
    session.clear()
    if notice:
        flash(notice)
    if begun.kept:
        flash(KEPT)
    remaining: timedelta = begun.session.expires_at - begun.session.last_seen_at
    jar().write(response, SESSION, begun.secret, remaining if begun.session.remember else None)
    if begun.browser:
        jar().write(response, DEVICE, begun.browser, REMEMBERED)
    _forget_who_waits(response)
    return response


def end(response: Response, *, notice: str | None = None) -> Response:
    """Take the session cookie back, and have the browser forget what it kept of our answers.

    Not its cookies: the forms' one carries the notice, and by the device's one the account knows its reader again.
    """
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    session.clear()
    if notice:
        flash(notice)
    jar().clear(response, SESSION)
    _forget_who_waits(response)
    return response


def _forget_who_waits(response: Response) -> None:
    """Take back a second step's cookie: its page names an account, which need not be that of who comes next."""
    if jar().read(SECOND_STEP) is not None:
        jar().clear(response, SECOND_STEP)
