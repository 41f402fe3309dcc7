"""Another address: ask for it, follow the link at the new mailbox, or the one back at the old."""

from flask import Blueprint, Response, render_template

from service.core.errors import EmailTaken, ExpiredToken, InvalidToken, Refusal, Unauthenticated
from service.core.wording import sentence
from service.http import sign_in
from service.http.languages import gettext
from service.http.requests import flows, visit
from service.web.account import person, to_login
from service.web.forms import dead_end, drop_token, fresh, go, keep_token, kept_token, posted, refused, shown

pages = Blueprint("account_email", __name__)
pages.register_error_handler(Unauthenticated, to_login)
CHANGE_TOKEN, UNDO_TOKEN = "email_change_token", "email_undo_token"
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
    if (moved := keep_token(CHANGE_TOKEN)) is not None:
        return moved
    try:
        email = flows().email_change.check(kept_token(CHANGE_TOKEN))
    except (InvalidToken, ExpiredToken, EmailTaken) as refusal:
        return dead_link(refusal, CHANGE_TOKEN)
    return fresh(STEP, **CONFIRM, email=email)


@pages.post("/account/email/confirm")
def confirm() -> Response:
    """Change the address."""
    try:
        changed = flows().email_change.confirm(
            token=kept_token(CHANGE_TOKEN), here=sign_in.signed_in(), visit=visit()
        )
    except (InvalidToken, ExpiredToken, EmailTaken) as refusal:
        return dead_link(refusal, CHANGE_TOKEN)
    except Refusal as refusal:
        return refused(STEP, refusal, **CONFIRM, email=None)
    drop_token(CHANGE_TOKEN)
    if changed.renewed is not None:
        return sign_in.begin(go("/account"), changed.renewed, notice=CHANGED)
    return go("/account" if sign_in.signed_in() else "/login", CHANGED)


@pages.get("/account/email/undo")
def show_undo() -> Response | str:
    """The link in the letter to the old address, then one button."""
    if (moved := keep_token(UNDO_TOKEN)) is not None:
        return moved
    try:
        email = flows().email_undo.check(kept_token(UNDO_TOKEN))
    except (InvalidToken, ExpiredToken) as refusal:
        return dead_link(refusal, UNDO_TOKEN)
    return fresh(STEP, **UNDO, email=email)


@pages.post("/account/email/undo")
def undo() -> Response:
    """Bring the old address back, and send its reader to choose a new password."""
    try:
        flows().email_undo.undo(token=kept_token(UNDO_TOKEN), visit=visit())
    except (InvalidToken, ExpiredToken, EmailTaken) as refusal:
        return dead_link(refusal, UNDO_TOKEN)
    except Refusal as refusal:
        return refused(STEP, refusal, **UNDO, email=None)
    return sign_in.end(go("/forgot-password"), notice=RESTORED)


def dead_link(refusal: InvalidToken | ExpiredToken | EmailTaken, token: str) -> Response:
    """A calm page with one button."""
    drop_token(token)
    taken, change = isinstance(refusal, EmailTaken), token == CHANGE_TOKEN
    if taken:
        title, lead = (
            gettext("This address has an account"),
            gettext("Another account uses this address already. Sign in to it."),
        )
    elif isinstance(refusal, ExpiredToken):
        title = gettext("This link has expired")
        lead = gettext("For your safety, such a link works for some time only.")
    else:
        title, lead = (
            gettext("This link no longer works"),
            gettext("It may have been used already, or replaced by a newer one."),
        )
    again = change and not taken
    return dead_end(
        title=title,
        lead=lead,
        action_url="/account/email" if again else "/login",
        action_label=gettext("Send a new link") if again else gettext("Sign in"),
        status=409 if taken else 400,
    )
