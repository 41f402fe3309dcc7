"""The one door to everything below /admin: denied unless `StaffAccess` lets in, whatever the route."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, render_template, request, session

from service.core.errors import ReauthenticationRequired, Unauthenticated
from service.flows.sessions import SignedIn
from service.flows.staff_access import NoSecondFactor
from service.http import sign_in
from service.http.forms import go
from service.http.origins import SAFE_METHODS
from service.http.requests import flows

PREFIX = "/admin"
LAST_USE = (
    "staff"  # in the signed cookie of the forms, for one session: an older copy of it opens less, not more
)
NOTED_AT_MOST_EVERY = timedelta(minutes=1)


def register(app: Flask) -> None:
    """Stand before every request below /admin, also those no route answers."""

    @app.before_request
    def require_staff() -> Response | None:
        if request.path != PREFIX and not request.path.startswith(f"{PREFIX}/"):
            return None
        try:
            here = sign_in.require_signed_in()
        except Unauthenticated:
            return go(f"/login?{urlencode({'next': _page()})}")
        last_use = _last_use(here)
        try:
            flows().staff_access.require(
                here, last_use=last_use, to_change=request.method not in SAFE_METHODS
            )
        except ReauthenticationRequired:
            return go(_again())
        except NoSecondFactor:
            _speak_english()
            page = render_template("admin/no_second_factor.html")
            return Response(page, status=403, mimetype="text/html")
        _speak_english()
        _note_use(here, last_use)
        g.staff = here
        return None

    @app.context_processor
    def about_this_sign_in() -> dict[str, object]:
        here: SignedIn | None = g.get("staff")
        stale = here is not None and not flows().staff_access.may_change(here)
        return {"confirm_url": _again() if stale else None}


def staff() -> SignedIn:
    """Who of the staff this request comes from."""
    here: SignedIn = g.staff
    return here


def by() -> str:
    """Who that is in the audit trail."""
    return str(staff().user.id)


def _speak_english() -> None:
    """Staff pages are not translated, and one page speaks one language."""
    g.spoken = "en"


def _last_use(here: SignedIn) -> datetime | None:
    noted = session.get(LAST_USE)
    if not isinstance(noted, dict) or noted.get("session") != str(here.session.id):
        return None
    return datetime.fromtimestamp(noted["at"], UTC)


def _note_use(here: SignedIn, last_use: datetime | None) -> None:
    now = flows().staff_access.clock()
    if last_use is None or now - last_use >= NOTED_AT_MOST_EVERY:
        session[LAST_USE] = {"session": str(here.session.id), "at": now.timestamp()}


def _again() -> str:
    return f"/login?{urlencode({'again': 1, 'next': _page()})}"


def _page() -> str:
    """The page to come back to: this one, or the one whose form was sent."""
    readable, path = current_app.url_map.bind(""), request.path
    if request.method in SAFE_METHODS or readable.test(path, "GET"):
        return request.full_path.rstrip("?")
    while path != PREFIX and not readable.test(path, "GET"):
        path = path.rpartition("/")[0]
    return path
