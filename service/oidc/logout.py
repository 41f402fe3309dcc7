"""A client sends its reader here to sign out (OpenID Connect RP-Initiated Logout 1.0)."""

from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import MultiDict

from service.core.return_urls import origin_of
from service.flows.provider_logout import LogoutWish
from service.http import sign_in
from service.http.headers import let_in
from service.http.requests import visit
from service.oidc.requests import single
from service.oidc.server import provider

pages = Blueprint("openid_logout", __name__)
CARRIED = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


@pages.get("/oauth/logout")
def log_out() -> Response:
    """Sign out at once where the client holds an ID token of this reader, else ask first."""
    given = _given(request.args)
    wish = _wish(given)
    if wish.settled_for(sign_in.signed_in()):
        return _signed_out(wish, given)
    if wish.redirect_uri:
        let_in({"form-action": [origin_of(wish.redirect_uri) or f"{wish.redirect_uri.partition(':')[0]}:"]})
    page = render_template("pages/logout_confirm.html", given=given, errors={}, alert=None)
    return Response(page, mimetype="text/html")


@pages.post("/oauth/logout")
def log_out_by_form() -> Response:
    """The same by a form of the client; read again as a GET, for no cookie of ours comes with its POST."""
    query = urlencode(list(request.form.items(multi=True)))
    return Response(status=303, headers={"Location": f"/oauth/logout?{query}"})


@pages.post("/oauth/logout/confirm")
def confirm() -> Response:
    """The reader's yes."""
    given = _given(request.form)
    return _signed_out(_wish(given), given)


def _signed_out(wish: LogoutWish, given: MultiDict[str, str]) -> Response:
    flows = provider().flows
    flows.sessions.sign_out(sign_in.presented_secret(), visit())
    flows.provider_logout.end_grant(wish)
    if wish.redirect_uri is None:
        page = Response(render_template("pages/logged_out.html"), mimetype="text/html")
        return sign_in.end(page)
    state = [("state", given["state"])] if "state" in given else []
    location = str(add_params_to_uri(wish.redirect_uri, state)) if state else wish.redirect_uri
    return sign_in.end(Response(status=303, headers={"Location": location}))


def _wish(given: MultiDict[str, str]) -> LogoutWish:
    return provider().flows.provider_logout.read(
        hint=given.get("id_token_hint"),
        client_id=given.get("client_id"),
        redirect_uri=given.get("post_logout_redirect_uri"),
    )


def _given(parameters: MultiDict[str, str]) -> MultiDict[str, str]:
    """The parameters that count; where one is given twice none does."""
    try:
        found = single(parameters)
    except OAuth2Error:
        return MultiDict()
    return MultiDict((name, found[name]) for name in CARRIED if name in found)
