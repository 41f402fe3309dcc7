"""The account page's ways to sign in: connect a provider, disconnect one."""

from urllib.parse import urlencode

from flask import Blueprint, Response, render_template

from service.core.errors import LastSignInMethod, ReauthenticationRequired, Refusal, Unauthenticated
from service.core.wording import sentence
from service.http import sign_in
from service.http.cookies import PROVIDER, jar
from service.http.requests import flows, visit
from service.web.account import to_login
from service.web.forms import fresh, go, refused
from service.web.social import caller, trouble

pages = Blueprint("identities", __name__, url_prefix="/account/identities")
pages.register_error_handler(Unauthenticated, to_login)
IDENTITIES = "pages/account_identities.html"
HERE = "/account/identities"
UNLINKED = sentence("Disconnected.")


@pages.get("")
def methods() -> str:
    """What is connected and what could be."""
    return fresh(IDENTITIES, **_context())


@pages.post("/<provider>")
def link(provider: str) -> Response | str:
    """Leave for a provider to connect it.

    By a page that leads there, not by a redirect: browsers hold a form's redirects to the page's form-action, and
    where a provider's sign-in page lives is only known once it is asked.
    """
    sign_in.require_signed_in()
    try:
        departure = flows().social.start(provider, next=None, caller=caller(), linking=True)
    except ReauthenticationRequired:
        return go(f"/login?{urlencode({'again': '1', 'next': HERE})}")
    except Refusal as refusal:
        refusal.next = HERE
        return trouble(None, refusal)
    page = render_template(
        "pages/continue.html", url=departure.url, label=flows().linking.labels.get(provider, provider)
    )
    response = Response(page, mimetype="text/html")
    jar().write(response, PROVIDER, departure.browser, flows().social.attempt_life)
    return response


@pages.post("/<provider>/unlink")
def unlink(provider: str) -> Response:
    """Disconnect a provider."""
    here = sign_in.require_signed_in()
    try:
        flows().linking.unlink(here, provider, visit())
    except LastSignInMethod as refusal:
        return refused(IDENTITIES, refusal, **_context())
    return go(HERE, UNLINKED)


def _context() -> dict[str, object]:
    here = sign_in.require_signed_in()
    return {
        "connections": flows().linking.connections(here),
        "has_password": here.user.has_password,
        "email": here.user.email,
        "passkeys": len(flows().passkeys.of(here)),
        "second_factor": here.user.second_factor,
    }
