"""The pages between another service and us: `/oauth/authorize`, and the question whether it may know you."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import MultiDict

from service.core.return_urls import origin_of
from service.flows.authorization import ReaderNeeded, Step, Wish
from service.flows.sessions import SignedIn
from service.http import sign_in
from service.http.headers import let_in
from service.http.requests import visit
from service.oidc.authorization_request import ToldToClient, answer_to, read_wish, way_back
from service.oidc.server import provider

pages = Blueprint("openid_pages", __name__)
LONGEST_HINT = 320
LONGEST_QUERY = 8192


@pages.get("/oauth/authorize")
def authorize() -> Response:
    """Where other services send readers who are to sign in."""
    return _proceed(request.args, agreed=False)


@pages.post("/oauth/authorize")
def authorize_by_form() -> Response:
    """The same by a form of the other service; read again as a GET, for no cookie of ours comes with its POST."""
    return _go(f"/oauth/authorize?{urlencode(list(request.form.items(multi=True)))}")


@pages.post("/oauth/consent")
def consent() -> Response:
    """The reader's yes or no to a third party."""
    given = MultiDict(parse_qsl(request.form.get("request", "")[:LONGEST_QUERY]))
    sign_in.require_signed_in()
    if request.form.get("decision") == "allow":
        return _proceed(given, agreed=True)
    server = provider()
    try:
        wish = read_wish(server, given)
    except ToldToClient as told:
        return _go(told.location)
    return _go(answer_to(server, given, wish.redirect_uri, error="access_denied"))


def _proceed(given: MultiDict[str, str], *, agreed: bool) -> Response:
    server, here = provider(), sign_in.signed_in()
    try:
        wish = read_wish(server, given)
        step = _next_step(given, wish, here)
        if here is None or step in (Step.SIGN_IN, Step.SIGN_IN_AGAIN):
            return _to_sign_in(given, way_back(server, given, wish), again=step is Step.SIGN_IN_AGAIN)
    except ToldToClient as told:
        return _back(told.location, given)
    if step is Step.CONSENT and not agreed:
        return _ask(given, wish, here)
    code = server.flows.authorization.give(wish, here, visit(), agreed=agreed)
    return _back(answer_to(server, given, wish.redirect_uri, code=code), given)


def _next_step(given: MultiDict[str, str], wish: Wish, here: SignedIn | None) -> Step:
    try:
        return provider().flows.authorization.next_step(wish, here)
    except ReaderNeeded as needed:
        location = answer_to(provider(), given, wish.redirect_uri, error=needed.error)
        raise ToldToClient(location) from needed


def _to_sign_in(given: MultiDict[str, str], next_page: str, *, again: bool) -> Response:
    query = {"next": next_page}
    if again:
        query["again"] = "1"
    if hint := given.get("login_hint", "")[:LONGEST_HINT]:
        query["login_hint"] = hint
    return _go(f"/login?{urlencode(query)}")


def _ask(given: MultiDict[str, str], wish: Wish, here: SignedIn) -> Response:
    let_in({"form-action": [_source_of(wish.redirect_uri)]})
    page = render_template(
        "pages/consent.html",
        client=wish.client.name,
        host=urlsplit(wish.redirect_uri).hostname or wish.redirect_uri.partition(":")[0],
        scopes=wish.scopes,
        account=here.user.email or here.user.name or "",
        request_query=urlencode(list(given.items())),
        errors={},
        alert=None,
    )
    return Response(page, mimetype="text/html")


def _back(location: str, given: MultiDict[str, str]) -> Response:
    """To the client. Browsers hold the redirects of our own forms to `form-action`: after those it is a page."""
    if request.method != "GET" or request.headers.get("Sec-Fetch-Site") != "same-origin":
        return _go(location)
    client = provider().flows.clients.open(given.get("client_id", ""))
    page = render_template("pages/continue.html", label=client.name if client else "", url=location)
    return Response(page, mimetype="text/html")


def _go(location: str) -> Response:
    """303, never 307: what was posted here is for nobody else (RFC 9700, section 4.12)."""
    return Response(status=303, headers={"Location": location})


def _source_of(redirect_uri: str) -> str:
    """A redirect address as a source of the content security policy."""
    return origin_of(redirect_uri) or f"{redirect_uri.partition(':')[0]}:"
