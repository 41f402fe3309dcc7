"""Another address: ask for it, follow the link at the new mailbox, or the one back at the old."""

from flask import Blueprint, Response, render_template

from service.core.errors import EmailTaken, ExpiredToken, InvalidToken, Refusal, Unauthenticated
from service.core.wording import sentence
from service.http import sign_in
from service.http.requests import flows, visit
from service.web.account import person, to_login
from service.web.forms import fresh, go, posted, refused, shown
from service.web.mailed_link import EXPIRED, GONE, MailedLink, WayOn

pages = Blueprint("account_email", __name__)
pages.register_error_handler(Unauthenticated, to_login)
ASK = "pages/account_email.html"
STEP = "pages/mailed_step.html"
CHANGED = sentence("Your account uses the new address now.")
RESTORED = sentence(
    "Your address is back and everybody is signed out. Choose a new password to get in again."
)
CONFIRM = {
    "title": sentence("Confirm your new address"),
    "lead": sentence("One more click and your account uses this address."),
    "action": "/account/email/confirm",
    "button": sentence("Use this address"),
}
UNDO = {
    "title": sentence("Bring your address back"),
    "lead": sentence(
        "Your account gets this address again. All devices are signed out, and you choose a new password."
    ),
    "action": "/account/email/undo",
    "button": sentence("Bring my address back"),
}
AGAIN = ("/account/email", sentence("Send a new link"))
SIGN_IN = ("/login", sentence("Sign in"))
EXPIRED_LEAD = sentence("For your safety, such a link works for some time only.")
GONE_LEAD = sentence("It may have been used already, or replaced by a newer one.")
TAKEN = WayOn(
    sentence("This address has an account"),
    sentence("Another account uses this address already. Sign in to it."),
    *SIGN_IN,
    status=409,
)
CHANGE_LINK = MailedLink(
    "email_change_token",
    {
        ExpiredToken: WayOn(EXPIRED, EXPIRED_LEAD, *AGAIN),
        InvalidToken: WayOn(GONE, GONE_LEAD, *AGAIN),
        EmailTaken: TAKEN,
    },
)
UNDO_LINK = MailedLink(
    "email_undo_token",
    {
        ExpiredToken: WayOn(EXPIRED, EXPIRED_LEAD, *SIGN_IN),
        InvalidToken: WayOn(GONE, GONE_LEAD, *SIGN_IN),
        EmailTaken: TAKEN,
    },
)


@pages.get("/account/email")
def show_ask() -> str:
    """The form for the new address."""
    return fresh(ASK, user=person(sign_in.require_signed_in()), form={})


@pages.post("/account/email")
def ask() -> Response | str:
    """Take the new address; the answer is the same whether or not it is taken."""
    here, email = sign_in.require_signed_in(), posted("email")
    try:
        flows().email_change.request(
            here, email=email, current_password=posted("current_password") or None, visit=visit()
        )
    except Refusal as refusal:
        return refused(ASK, refusal, user=person(here), form=shown(email=email))
    return render_template("pages/account_email_sent.html", email=email.strip())


@pages.get("/account/email/confirm")
def show_confirm() -> Response | str:
    """The link of the letter, then one button."""
    return CHANGE_LINK.show(lambda token: fresh(STEP, **CONFIRM, email=flows().email_change.check(token)))


@pages.post("/account/email/confirm")
def confirm() -> Response:
    """Change the address."""
    try:
        changed = flows().email_change.confirm(
            token=CHANGE_LINK.token, here=sign_in.signed_in(), visit=visit()
        )
    except Refusal as refusal:
        return CHANGE_LINK.refuse(STEP, refusal, **CONFIRM, email=None)
    CHANGE_LINK.forget()
    if changed.renewed is not None:
        return sign_in.begin(go("/account"), changed.renewed, notice=CHANGED)
    return go("/account" if sign_in.signed_in() else "/login", CHANGED)


@pages.get("/account/email/undo")
def show_undo() -> Response | str:
    """The link in the letter to the old address, then one button."""
    return UNDO_LINK.show(lambda token: fresh(STEP, **UNDO, email=flows().email_undo.check(token)))


@pages.post("/account/email/undo")
def undo() -> Response:
    """Bring the old address back, and send its reader to choose a new password."""
    try:
        flows().email_undo.undo(token=UNDO_LINK.token, visit=visit())
    except Refusal as refusal:
        return UNDO_LINK.refuse(STEP, refusal, **UNDO, email=None)
    return sign_in.end(go("/forgot-password"), notice=RESTORED)
