"""Sign in with a provider: leave for it, come back, and prove an account where its word is not enough."""

import hmac
import logging

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import BadRequest

from service.core.errors import (
    InvalidIdToken,
    LinkRequired,
    Refusal,
)
from service.core.identities import Answer
from service.core.values import new_secret
from service.core.wording import sentence
from service.flows.recognition import Arrival, Caller, Reached
from service.http import sign_in
from service.http.cookies import PROVIDER, jar
from service.http.errors import problem_of
from service.http.requests import flows, visit
from service.web.forms import (
    go,
    posted,
    wanted_next,
    with_next,
)

logger = logging.getLogger(__name__)

pages = Blueprint("social", __name__)
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


def bind(response: Response, here: Caller) -> Response:
    """Let this browser, and no other, finish what waits for a proof."""
    if here.browser:
        jar().write(response, PROVIDER, here.browser, flows().proof.lifetime)
    return response


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
