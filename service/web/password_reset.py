"""Forgot password: ask for the letter, follow its link, choose a new password."""

from flask import Blueprint, Response, render_template, session

from service.core.captcha import Place
from service.core.errors import ExpiredToken, InvalidToken, Refusal, ValidationFailed
from service.core.wording import FORGOT_DONE, sentence
from service.http.requests import flows, visit
from service.web import captcha
from service.web.forms import fresh, go, posted, refused, shown, wanted_next, with_next
from service.web.mailed_link import EXPIRED, GONE, MailedLink, WayOn

pages = Blueprint("password_reset", __name__)
ASK = "pages/forgot_password.html"
CHOOSE = "pages/reset_password.html"
CHANGED = sentence("Your password is changed. Sign in with the new one.")
AGAIN = ("/forgot-password", sentence("Send a new link"))
LINK = MailedLink(
    "reset_token",
    {
        ExpiredToken: WayOn(
            EXPIRED,
            sentence("For your safety, a link to reset your password works for a short time only."),
            *AGAIN,
        ),
        InvalidToken: WayOn(
            GONE,
            sentence("It may have been used already, or replaced by the link in our latest email."),
            *AGAIN,
        ),
    },
)


def _ask_context(
    form: dict[str, str], next_page: str | None, refusal: Refusal | None = None
) -> dict[str, object]:
    return {
        **captcha.offered(Place.FORGOT, typed=form.get("email", ""), refusal=refusal),
        "form": form,
        "next": next_page,
        "login_url": with_next("/login", next_page),
    }


@pages.get("/forgot-password")
def show_ask() -> str:
    """The form for the address."""
    return fresh(ASK, **_ask_context({}, wanted_next()))


@pages.post("/forgot-password")
def ask() -> Response | str:
    """Take the address; the answer is the same whosever it is."""
    email, next_page = posted("email"), wanted_next()
    try:
        flows().password_reset.request(email=email, next=next_page, visit=visit(), captcha=captcha.answered())
    except Refusal as refusal:
        return refused(ASK, refusal, **_ask_context(dict(shown(email=email)), next_page, refusal))
    return render_template(
        "pages/forgot_password_sent.html",
        login_url=with_next("/login", next_page),
        forgot_url=with_next("/forgot-password", next_page),
        done=FORGOT_DONE,
    )


@pages.get("/reset-password")
def show_choose() -> Response | str:
    """The link of the letter, then the form for the new password."""
    reset = flows().password_reset
    return LINK.show(
        lambda token: fresh(CHOOSE, email=reset.show(token), min_length=reset.new_passwords.min_length)
    )


@pages.post("/reset-password")
def choose() -> Response:
    """Set the new password and send the reader to sign in; nobody is signed in by a reset."""
    reset = flows().password_reset
    try:
        next_page = reset.complete(token=LINK.token, password=posted("password"), visit=visit())
    except Refusal as refusal:
        link_is_good = isinstance(refusal, ValidationFailed)
        email = reset.check(LINK.token) if link_is_good else None
        return LINK.refuse(CHOOSE, refusal, email=email, min_length=reset.new_passwords.min_length)
    LINK.forget()
    session.pop("csrf_token", None)
    return go(with_next("/login", next_page), CHANGED)
