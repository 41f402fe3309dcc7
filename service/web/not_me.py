"""The link in a letter about a new device: one button for whoever did not sign in there."""

from flask import Blueprint, Response

from service.core.errors import ExpiredToken, InvalidToken, Refusal
from service.core.wording import sentence
from service.http import sign_in
from service.http.languages import gettext
from service.http.requests import flows, visit
from service.web.forms import dead_end, drop_token, fresh, go, keep_token, kept_token, refused

pages = Blueprint("not_me", __name__)
TOKEN = "not_me_token"
STEP = "pages/mailed_step.html"
SECURE = {
    "title": sentence("Was it not you?"),
    "lead": sentence(
        "Then sign everybody out. Your password stops working, and we send you a link to choose a new one."
    ),
    "action": "/account/not-me",
    "button": sentence("Sign everybody out"),
}
SECURED = sentence("Everybody is signed out. We have sent you a link to choose a new password.")


@pages.get("/account/not-me")
def show() -> Response | str:
    """The link of the letter, then one button."""
    if (moved := keep_token(TOKEN)) is not None:
        return moved
    try:
        email = flows().not_me.check(kept_token(TOKEN))
    except (InvalidToken, ExpiredToken) as refusal:
        return dead_link(refusal)
    return fresh(STEP, **SECURE, email=email)


@pages.post("/account/not-me")
def secure() -> Response:
    """Sign everybody out, this browser too, and send the reader to their mail."""
    try:
        flows().not_me.secure(token=kept_token(TOKEN), visit=visit())
    except (InvalidToken, ExpiredToken) as refusal:
        return dead_link(refusal)
    except Refusal as refusal:
        return refused(STEP, refusal, **SECURE, email=None)
    return sign_in.end(go("/login"), notice=SECURED)


def dead_link(refusal: InvalidToken | ExpiredToken) -> Response:
    """A calm page with the way that always works."""
    drop_token(TOKEN)
    expired = isinstance(refusal, ExpiredToken)
    return dead_end(
        title=gettext("This link has expired") if expired else gettext("This link no longer works"),
        lead=(
            gettext("For your safety, such a link works for some time only.")
            if expired
            else gettext("It may have been used already, or your account has another address now.")
        ),
        action_url="/forgot-password",
        action_label=gettext("Reset my password"),
    )
