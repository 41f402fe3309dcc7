"""The step between the first factor and the session: a code, or a passkey of the account."""

from flask import Blueprint, Response, request

from service.core.errors import FieldError, RateLimited, Refusal, ValidationFailed
from service.core.factor_errors import InvalidCode, StepExpired
from service.core.second_factors import Method, method_of
from service.core.wording import REQUIRED, sentence
from service.flows.signup import Confirmed
from service.http import sign_in
from service.http.cookies import PASSKEY, SECOND_STEP, jar
from service.http.requests import flows, visit
from service.web.forms import fresh, go, posted, refused, wanted_next, with_next
from service.web.passkeys import credential_in

pages = Blueprint("second_step", __name__)
STEP = "pages/second_step.html"
HERE = "/login/mfa"
TOO_MANY = sentence("Too many wrong codes. Start again.")


@pages.errorhandler(StepExpired)
def start_again(expired: StepExpired) -> Response:
    """A sign-in that is over begins anew; whoever comes back to the page after it is in, and hears of no trouble."""
    return _anew(None if sign_in.signed_in() else expired.message)


@pages.get(HERE)
def show_step() -> str:
    """The field for the code, and the button for a passkey."""
    return fresh(STEP, **_context())


@pages.post(HERE)
def finish() -> Response:
    """Finish signing in, and go on to where the reader wanted."""
    try:
        confirmed = _confirm()
    except StepExpired:
        raise
    except Refusal as refusal:
        return _refuse(refusal)
    wanted = flows().second_step.return_urls.safe(wanted_next())
    response = sign_in.begin(go(wanted or confirmed.next or "/account"), confirmed.signed_in)
    jar().clear(response, PASSKEY)
    return response


def _confirm() -> Confirmed:
    secret, previous, code = jar().read(SECOND_STEP), sign_in.presented_secret(), posted("code").strip()
    if credential := posted("credential"):
        return flows().second_step.with_passkey(
            secret=secret,
            credential=credential_in(credential),
            challenge=jar().read(PASSKEY),
            visit=visit(),
            previous=previous,
        )
    if not code:
        raise ValidationFailed([FieldError("code", "required", REQUIRED)])
    return flows().second_step.with_code(
        secret=secret, method=method_of(code), code=code, visit=visit(), previous=previous
    )


def _refuse(refusal: Refusal) -> Response:
    try:
        return refused(STEP, refusal, **_context())
    except StepExpired:
        if isinstance(refusal, InvalidCode):
            return _anew(TOO_MANY)
        if isinstance(refusal, RateLimited):  # which has ended the sign-in, and says for how long to wait
            raise refusal from None
        raise


def _anew(notice: str | None) -> Response:
    response = go(with_next("/login", wanted_next()), notice)
    jar().clear(response, SECOND_STEP)
    return response


def _context() -> dict[str, object]:
    """What the form needs. `recovery` is whether its field is for a recovery code, which has letters."""
    waiting = flows().second_step.waiting(jar().read(SECOND_STEP))
    has_codes, next_page = Method.RECOVERY_CODE in waiting.methods, wanted_next() or waiting.step.next
    return {
        "recovery": has_codes and request.args.get("recovery") == "1",
        "has_codes": has_codes,
        "has_passkeys": Method.PASSKEY in waiting.methods,
        "email": waiting.user.email,
        "next": next_page,
        "login_url": with_next("/login", next_page),
    }
