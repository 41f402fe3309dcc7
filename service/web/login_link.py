"""Sign in by mail: ask for the letter, follow its link, press the button."""

from flask import Blueprint, Response, render_template

from service.core.captcha import Place
from service.core.errors import ExpiredToken, InvalidToken, Refusal
from service.core.wording import LOGIN_LINK_ACCEPTED, sentence
from service.http import sign_in
from service.http.languages import gettext
from service.http.requests import flows, visit
from service.web import captcha
from service.web.forms import fresh, go, posted, refused, shown, ticked, wanted_next, with_next
from service.web.mailed_link import EXPIRED, GONE, MailedLink, WayOn

pages = Blueprint("login_link", __name__)
ASK = "pages/login_link.html"
STEP = "pages/mailed_step.html"
CONFIRM = {
    "title": sentence("Sign in"),
    "lead": sentence("One more click and you are signed in."),
    "action": "/login/link/confirm",
    "button": sentence("Sign in"),
    "offer_remember": True,
}
AGAIN = ("/login/link", sentence("Send a new link"))
LINK = MailedLink(
    "login_link_token",
    {
        ExpiredToken: WayOn(
            EXPIRED, sentence("For your safety, a sign-in link works for a short time only."), *AGAIN
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


@pages.get("/login/link")
def show_ask() -> str:
    """The form for the address; that of a reader who is to sign in again is filled in."""
    next_page, here = wanted_next(), sign_in.signed_in()
    form = {"email": here.user.email or ""} if here is not None else {}
    return fresh(ASK, **_ask_context(form, next_page))


@pages.post("/login/link")
def ask() -> Response | str:
    """Take the address; the answer is the same whosever it is."""
    email, next_page = posted("email"), wanted_next()
    try:
        flows().login_link.request(email=email, next=next_page, visit=visit(), captcha=captcha.answered())
    except Refusal as refusal:
        return refused(ASK, refusal, **_ask_context(dict(shown(email=email)), next_page, refusal))
    return render_template(
        "pages/login_link_sent.html",
        done=gettext(LOGIN_LINK_ACCEPTED),
        login_url=with_next("/login", next_page),
        ask_url=with_next("/login/link", next_page),
    )


@pages.get("/login/link/confirm")
def show_confirm() -> Response | str:
    """The link of the letter, then one button."""
    return LINK.show(lambda token: fresh(STEP, **CONFIRM, email=flows().login_link.check(token)))


@pages.post("/login/link/confirm")
def confirm() -> Response:
    """Sign in and go on to where the reader wanted."""
    try:
        confirmed = flows().login_link.confirm(
            token=LINK.token,
            visit=visit(),
            remember=ticked("remember"),
            previous=sign_in.presented_secret(),
        )
    except Refusal as refusal:
        return LINK.refuse(STEP, refusal, **CONFIRM, email=None)
    return sign_in.begin(go(confirmed.next or "/account"), confirmed.signed_in)
