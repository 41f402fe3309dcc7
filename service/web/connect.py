"""Prove a mailbox or an account where a provider's word is not enough, in the browser that brought it."""

from flask import Blueprint, Response, render_template

from service.core.errors import AttemptExpired, ExpiredToken, InvalidToken, Refusal
from service.core.identities import PendingIdentity
from service.core.wording import sentence
from service.flows.proof import Proven
from service.http import sign_in
from service.http.cookies import PROVIDER, jar
from service.http.requests import flows, visit
from service.web.forms import fresh, go, posted, refused
from service.web.mailed_link import MailedLink, WayOn
from service.web.social import LINKED, trouble

pages = Blueprint("connect", __name__, url_prefix="/login/connect")
CONNECT = "pages/connect.html"
NOT_HERE = sentence("This link does not work here")
AGAIN = ("/login", sentence("Start again"))
OVER = WayOn(
    NOT_HERE,
    sentence("It may have been used already, or its time is over. Start again to get a new one."),
    *AGAIN,
)
LINK = MailedLink(
    "identity_token",
    {
        InvalidToken: OVER,
        ExpiredToken: OVER,
        AttemptExpired: WayOn(
            NOT_HERE,
            sentence(
                "Open it in the browser in which you started to sign in: only there it can connect anything."
                " If you did not start, nothing has happened and nothing will."
            ),
            *AGAIN,
        ),
    },
)


@pages.get("")
def show_connect() -> Response | str:
    """An account has the address the provider told: prove that it is yours."""
    try:
        return fresh(CONNECT, **about(flows().proof.waiting(jar().read(PROVIDER))))
    except AttemptExpired as refusal:
        return trouble(None, refusal)


@pages.post("")
def connect() -> Response:
    """Prove the account by its password."""
    browser = jar().read(PROVIDER)
    try:
        waiting = flows().proof.waiting(browser)
    except AttemptExpired as refusal:
        return trouble(None, refusal)
    try:
        proven = flows().proof.with_password(
            browser=browser,
            password=posted("password"),
            visit=visit(),
            previous=sign_in.presented_secret(),
        )
    except Refusal as refusal:
        return refused(CONNECT, refusal, **about(waiting))
    return connected(proven)


@pages.post("/email")
def mail_proof() -> Response:
    """Prove it by mail instead."""
    try:
        flows().proof.mail_link(jar().read(PROVIDER), visit())
    except Refusal as refusal:
        return trouble(None, refusal)
    return go("/login/connect/sent")


@pages.get("/sent")
def proof_sent() -> str:
    """Look into your inbox."""
    return render_template("pages/connect_sent.html")


@pages.get("/confirm")
def show_confirm() -> Response | str:
    """The mailed link, then one button: looking proves nothing yet."""
    browser = jar().read(PROVIDER)
    return LINK.show(
        lambda token: fresh("pages/connect_confirm.html", **about(flows().proof.check(token, browser)))
    )


@pages.post("/confirm")
def confirm() -> Response:
    """Use the mailed link."""
    try:
        proven = flows().proof.confirm(
            token=LINK.token,
            browser=jar().read(PROVIDER),
            visit=visit(),
            previous=sign_in.presented_secret(),
        )
    except Refusal as refusal:
        return LINK.end(refusal) if LINK.ends_with(refusal) else trouble(None, refusal)
    LINK.forget()
    return connected(proven)


def connected(proven: Proven) -> Response:
    """Signed in, with a provider more."""
    response = sign_in.begin(go(proven.next or "/account"), proven.signed_in, notice=LINKED)
    jar().clear(response, PROVIDER)
    return response


def about(waiting: PendingIdentity) -> dict[str, object]:
    """What the pages of a proof tell."""
    label = flows().linking.labels.get(waiting.provider, waiting.provider)
    return {"provider": waiting.provider, "label": label, "email": waiting.email, "next": waiting.next}
