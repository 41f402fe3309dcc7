"""Forgot password: ask for the letter, follow its link, choose a new password."""

from flask import Blueprint, Response, render_template, session

from service.core.captcha import Place
from service.core.errors import ExpiredToken, InvalidToken, Refusal, ValidationFailed
from service.core.wording import FORGOT_DONE, sentence
from service.http.languages import gettext
from service.http.requests import flows, visit
from service.web import captcha
from service.web.forms import (
    dead_end,
    drop_token,
    fresh,
    go,
    keep_token,
    kept_token,
    posted,
    refused,
    shown,
    wanted_next,
    with_next,
)

pages = Blueprint("password_reset", __name__)
TOKEN = "reset_token"
ASK = "pages/forgot_password.html"
CHOOSE = "pages/reset_password.html"
CHANGED = sentence("Your password is changed. Sign in with the new one.")


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
    if (moved := keep_token(TOKEN)) is not None:
        return moved
    try:
        email = flows().password_reset.show(kept_token(TOKEN))
    except (InvalidToken, ExpiredToken) as refusal:
        return dead_link(refusal)
    return fresh(CHOOSE, email=email, min_length=flows().password_reset.new_passwords.min_length)


@pages.post("/reset-password")
def choose() -> Response:
    """Set the new password and send the reader to sign in; nobody is signed in by a reset."""
    try:
        next_page = flows().password_reset.complete(
            token=kept_token(TOKEN), password=posted("password"), visit=visit()
        )
    except (InvalidToken, ExpiredToken) as refusal:
        return dead_link(refusal)
    except Refusal as refusal:
        link_is_good = isinstance(refusal, ValidationFailed)
        email = flows().password_reset.check(kept_token(TOKEN)) if link_is_good else None
        return refused(
            CHOOSE, refusal, email=email, min_length=flows().password_reset.new_passwords.min_length
        )
    drop_token(TOKEN)
    session.pop("csrf_token", None)
    return go(with_next("/login", next_page), CHANGED)


def dead_link(refusal: InvalidToken | ExpiredToken) -> Response:
    """A calm page with one button: send a new link."""
    drop_token(TOKEN)
    expired = isinstance(refusal, ExpiredToken)
    return dead_end(
        title=gettext("This link has expired") if expired else gettext("This link no longer works"),
        lead=(
            gettext("For your safety, a link to reset your password works for a short time only.")
            if expired
            else gettext("It may have been used already, or replaced by the link in our latest email.")
        ),
        action_url="/forgot-password",
        action_label=gettext("Send a new link"),
    )
