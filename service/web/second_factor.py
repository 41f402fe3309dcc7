"""The account's second step: an authenticator app with its QR code, and the recovery codes."""

from flask import Blueprint, Response, render_template

from service.core.errors import NotFound, Refusal, Unauthenticated
from service.core.factor_errors import SecondFactorInUse, StepExpired
from service.core.wording import sentence
from service.flows.sessions import SignedIn
from service.http import sign_in
from service.http.languages import gettext, spoken
from service.http.requests import brand, flows, visit
from service.languages import write_day
from service.web import again, qr_code
from service.web.account import to_login
from service.web.forms import fresh, go, posted, refused

pages = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")
pages.register_error_handler(Unauthenticated, to_login)
HERE = "/account/second-factor"
OVERVIEW = "pages/account_second_factor.html"
CONFIRM = "pages/account_second_factor_confirm.html"
CODES = "pages/account_recovery_codes.html"
GROUP = 4
TURNED_ON = sentence("Your second step is on. You are signed out everywhere else.")
RENEWED = sentence("You have new recovery codes. Those of before no longer work.")
TURNED_OFF = sentence("Your second step is off. You are signed out everywhere else.")
TOO_LATE = sentence("Setting up your app took too long. Start again.")


@pages.get("")
def overview() -> str:
    """Whether there is a second step, and how to turn it on or off."""
    return fresh(OVERVIEW, **_context(sign_in.require_signed_in()))


@pages.get("/begin")
@pages.get("/confirm")
@pages.get("/codes")
@pages.get("/remove")
def back() -> Response:
    """Whoever opens a step by its address begins at the beginning."""
    return go(HERE)


@pages.post("/begin")
def begin() -> Response | str:
    """Show a new app's secret, this once."""
    here = sign_in.require_signed_in()
    try:
        app = flows().second_factor.offer(here, again.answered(here), visit())
    except Refusal as refusal:
        return refused(OVERVIEW, refusal, **_context(here))
    groups = [app.secret[at : at + GROUP] for at in range(0, len(app.secret), GROUP)]
    return fresh(CONFIRM, app={"uri": app.uri, "picture": qr_code.picture(app.uri), "key": groups})


@pages.post("/confirm")
def confirm() -> Response:
    """Turn the second step on with the app's first code; the recovery codes are shown this once."""
    here = sign_in.require_signed_in()
    try:
        done = flows().second_factor.confirm(here, posted("code"), visit())
    except StepExpired:
        return go(HERE, TOO_LATE)
    except SecondFactorInUse:
        return go(HERE)
    except Refusal as refusal:
        return refused(CONFIRM, refusal, app=None)
    response = sign_in.begin(Response(mimetype="text/html"), done.signed_in)
    # Written only now: with the session before, the forms of the page would have lost their token.
    response.set_data(_codes(list(done.recovery_codes), TURNED_ON))
    return response


@pages.post("/codes")
def renew_codes() -> Response | str:
    """Replace the recovery codes, and show the new ones this once."""
    here = sign_in.require_signed_in()
    try:
        codes = flows().second_factor.renew_codes(here, again.answered(here), visit())
    except NotFound:
        return go(HERE)
    except Refusal as refusal:
        return refused(OVERVIEW, refusal, **_context(here))
    return _codes(list(codes), RENEWED)


@pages.post("/remove")
def remove() -> Response:
    """Turn the second step off."""
    here = sign_in.require_signed_in()
    try:
        renewed = flows().second_factor.remove(here, again.answered(here), visit())
    except NotFound:
        return go(HERE)
    except Refusal as refusal:
        return refused(OVERVIEW, refusal, **_context(here))
    return sign_in.begin(go(HERE), renewed, notice=TURNED_OFF)


def _context(here: SignedIn) -> dict[str, object]:
    status = flows().second_factor.status(here)
    return {
        "since": write_day(status.since, spoken()) if status.since else None,
        "codes_left": status.recovery_codes,
        "has_passkeys": bool(flows().passkeys.of(here)),
        **again.asked(here, HERE),
    }


def _codes(codes: list[str], done: str) -> str:
    text = "".join(f"{line}\n" for line in (brand().site_name, "", *codes))
    return render_template(CODES, codes=codes, text=text, notices=[gettext(done)])
