"""The link in a letter about a new device: one button for whoever did not sign in there."""

from flask import Blueprint, Response

from service.core.errors import ExpiredToken, InvalidToken, Refusal
from service.core.wording import sentence
from service.http import sign_in
from service.http.requests import flows, visit
from service.web.forms import fresh, go
from service.web.mailed_link import EXPIRED, GONE, MailedLink, WayOn

pages = Blueprint("not_me", __name__)
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
RESET = ("/forgot-password", sentence("Reset my password"))
LINK = MailedLink(
    "not_me_token",
    {
        ExpiredToken: WayOn(
            EXPIRED, sentence("For your safety, such a link works for some time only."), *RESET
        ),
        InvalidToken: WayOn(
            GONE, sentence("It may have been used already, or your account has another address now."), *RESET
        ),
    },
)


@pages.get("/account/not-me")
def show() -> Response | str:
    """The link of the letter, then one button."""
    return LINK.show(lambda token: fresh(STEP, **SECURE, email=flows().not_me.check(token)))


@pages.post("/account/not-me")
def secure() -> Response:
    """Sign everybody out, this browser too, and send the reader to their mail."""
    try:
        flows().not_me.secure(token=LINK.token, visit=visit())
    except Refusal as refusal:
        return LINK.refuse(STEP, refusal, **SECURE, email=None)
    return sign_in.end(go("/login"), notice=SECURED)
