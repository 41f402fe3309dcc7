"""Sign in with a provider: leave for it, come back, and prove an account where its word is not enough."""

import hmac
import logging

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import BadRequest

from service.core.errors import (
    AttemptExpired,
    ExpiredToken,
    InvalidIdToken,
    InvalidToken,
    LinkRequired,
    Refusal,
)
from service.core.identities import Answer, PendingIdentity
from service.core.values import new_secret
from service.core.wording import sentence
from service.flows.proof import Proven
from service.flows.social import Arrival, Caller, Reached
from service.http import sign_in
from service.http.cookies import PROVIDER, jar
from service.http.errors import problem_of
from service.http.languages import gettext
from service.http.requests import flows, visit
from service.web.forms import (
    dead_end,
    drop_token,
    fresh,
    go,
    keep_token,
    kept_token,
    posted,
    refused,
    wanted_next,
    with_next,
)

logger = logging.getLogger(__name__)

pages = Blueprint("social", __name__)
TOKEN = "identity_token"
CONNECT = "pages/connect.html"
FROM_ANYWHERE = ("social.receive_form", "social.one_tap")
LINKED = sentence("Connected. You can sign in with it from now on.")
IMPLICIT = frozenset({"id_token", "access_token"})
LONGEST_PARAMETER = 4096
LONGEST_LOGGED = 200
LONGEST_ID_TOKEN = 16 * 1024


@pages.get("/login/<provider>")
def leave(provider: str) -> Response:
    """Send the reader to the provider."""
    next_page = wanted_next()
    try:
        departure = flows().social.start(provider, next=next_page, caller=caller())
    except Refusal as refusal:
        refusal.next = next_page
        return trouble(provider, refusal)
    response = go(departure.url)
    jar().write(response, PROVIDER, departure.browser, flows().social.attempt_life)
    return response


@pages.get("/login/<provider>/callback")
def come_back(provider: str) -> Response:
    """The provider's answer in a query, or the handle of one that came as a form."""
    handle = request.args.get("handle")
    try:
        if handle is not None:
            arrival = flows().social.fetch(provider, handle[:LONGEST_PARAMETER], caller())
        else:
            arrival = flows().social.finish(provider, answer(request.args.to_dict()), caller())
    except Refusal as refusal:
        return trouble(provider, refusal)
    return arrived(arrival)


@pages.post("/login/<provider>/callback")
def receive_form(provider: str) -> Response:
    """Apple's answer: a form from another site, without our cookies. Kept, then fetched by a plain GET."""
    try:
        handle = flows().social.park(provider, answer(request.form.to_dict()))
    except Refusal as refusal:
        return trouble(provider, refusal)
    return go(f"{request.path}?handle={handle}")


@pages.post("/login/google")
def one_tap() -> Response:
    """Google's One Tap and button (`login_uri`): an ID token beside a token that is in a cookie as well."""
    cookie, field = request.cookies.get("g_csrf_token", ""), posted("g_csrf_token")
    if not cookie or not hmac.compare_digest(cookie.encode(), field.encode()):
        raise BadRequest
    here = caller(fresh_browser=True)
    try:
        arrival = flows().social.with_id_token(
            "google",
            token=posted("credential")[: LONGEST_ID_TOKEN + 1],
            nonce=None,
            given_name=None,
            next=wanted_next(),
            caller=here,
        )
    except LinkRequired:
        return bind(go("/login/connect"), here)
    except Refusal as refusal:
        return trouble("google", refusal)
    return bind(arrived(arrival), here) if arrival.signed_in is None else arrived(arrival)


@pages.get("/login/connect")
def show_connect() -> Response | str:
    """An account has the address the provider told: prove that it is yours."""
    try:
        return fresh(CONNECT, **about(flows().proof.waiting(jar().read(PROVIDER))))
    except AttemptExpired as refusal:
        return trouble(None, refusal)


@pages.post("/login/connect")
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


@pages.post("/login/connect/email")
def mail_proof() -> Response:
    """Prove it by mail instead."""
    try:
        flows().proof.mail_link(jar().read(PROVIDER), visit())
    except Refusal as refusal:
        return trouble(None, refusal)
    return go("/login/connect/sent")


@pages.get("/login/connect/sent")
def proof_sent() -> str:
    """Look into your inbox."""
    return render_template("pages/connect_sent.html")


@pages.get("/login/connect/confirm")
def show_confirm() -> Response | str:
    """The mailed link, then one button: looking proves nothing yet."""
    if (moved := keep_token(TOKEN)) is not None:
        return moved
    try:
        waiting = flows().proof.check(kept_token(TOKEN), jar().read(PROVIDER))
    except (InvalidToken, ExpiredToken, AttemptExpired) as refusal:
        return dead_link(refusal)
    return fresh("pages/connect_confirm.html", **about(waiting))


@pages.post("/login/connect/confirm")
def confirm() -> Response:
    """Use the mailed link."""
    try:
        proven = flows().proof.confirm(
            token=kept_token(TOKEN),
            browser=jar().read(PROVIDER),
            visit=visit(),
            previous=sign_in.presented_secret(),
        )
    except (InvalidToken, ExpiredToken, AttemptExpired) as refusal:
        return dead_link(refusal)
    except Refusal as refusal:
        return trouble(None, refusal)
    drop_token(TOKEN)
    return connected(proven)


def caller(*, fresh_browser: bool = False) -> Caller:
    """Who stands at the door; with `fresh_browser` one without a binding gets one."""
    browser = jar().read(PROVIDER) or (new_secret() if fresh_browser else None)
    return Caller(visit(), browser, sign_in.presented_secret(), sign_in.signed_in())


def answer(fields: dict[str, str]) -> Answer:
    """Read a provider's answer, each part cut to a sensible length.

    We ask for a code alone: beside tokens, which belong to flows that leak them (RFC 9700, 2.1.2), it counts as none.
    """
    if not IMPLICIT.isdisjoint(fields):
        fields = fields | {"code": ""}
    cut = {name: value[:LONGEST_PARAMETER] for name, value in fields.items()}
    if "error" in cut:
        said = cut.get("error_description", "")[:LONGEST_LOGGED]
        about_it = {"event": "provider.error", "code": cut["error"][:40], "said": ascii(said)}
        logger.warning("a provider answered with an error", extra=about_it)
    return Answer(
        cut.get("state", ""), cut.get("code", ""), cut.get("error", ""), cut.get("iss"), cut.get("user", "")
    )


def arrived(arrival: Arrival) -> Response:
    """Go on to where the reader wanted, or to what is still to be done."""
    if arrival.signed_in is None:
        response = go("/login/connect/sent")
        browser = jar().read(PROVIDER)
        if browser:
            jar().write(response, PROVIDER, browser, flows().proof.lifetime)
        return response
    if arrival.reached is Reached.LINKED:
        response = go(arrival.next or "/account/identities", LINKED)
    else:
        response = sign_in.begin(go(arrival.next or "/account"), arrival.signed_in)
    jar().clear(response, PROVIDER)
    return response


def connected(proven: Proven) -> Response:
    """Signed in, with a provider more."""
    response = sign_in.begin(go(proven.next or "/account"), proven.signed_in, notice=LINKED)
    jar().clear(response, PROVIDER)
    return response


def bind(response: Response, here: Caller) -> Response:
    """Let this browser, and no other, finish what waits for a proof."""
    if here.browser:
        jar().write(response, PROVIDER, here.browser, flows().proof.lifetime)
    return response


def about(waiting: PendingIdentity) -> dict[str, object]:
    """What the pages of a proof tell."""
    label = flows().linking.labels.get(waiting.provider, waiting.provider)
    return {"provider": waiting.provider, "label": label, "email": waiting.email, "next": waiting.next}


def trouble(provider: str | None, refusal: Refusal) -> Response:
    """A calm page about a sign-in that did not work, with the ways on."""
    if isinstance(refusal, LinkRequired):
        return bind(go("/login/connect"), caller())
    problem = problem_of(refusal)
    label = flows().linking.labels.get(provider or "")
    page = render_template(
        "pages/provider_trouble.html",
        code=refusal.code,
        label=label,
        detail=problem.detail,
        again_url=with_next(f"/login/{provider}", refusal.next) if label else None,
        login_url=with_next("/login", refusal.next),
        account_url="/account/identities" if sign_in.signed_in() else None,
    )
    status = 400 if isinstance(refusal, InvalidIdToken) else problem.status
    response = Response(page, status=status, mimetype="text/html")
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def dead_link(refusal: Refusal) -> Response:
    """The mailed link is over, or is looked at in another browser than the one that asked."""
    drop_token(TOKEN)
    return dead_end(
        title=gettext("This link does not work here"),
        lead=(
            gettext(
                "Open it in the browser in which you started to sign in: only there it can connect anything."
                " If you did not start, nothing has happened and nothing will."
            )
            if isinstance(refusal, AttemptExpired)
            else gettext("It may have been used already, or its time is over. Start again to get a new one.")
        ),
        action_url="/login",
        action_label=gettext("Start again"),
    )
