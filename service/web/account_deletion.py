"""Leaving: the page that says what happens, and the button that does it."""

from flask import Blueprint, Response

from service.core.errors import Refusal, Unauthenticated
from service.core.wording import sentence
from service.http import sign_in
from service.http.languages import gettext
from service.http.requests import flows, visit
from service.web.account import person, to_login
from service.web.forms import fresh, go, posted, refused

pages = Blueprint("account_deletion", __name__)
pages.register_error_handler(Unauthenticated, to_login)
DELETE = "pages/account_delete.html"
SCHEDULED = sentence(
    "Your account is closed and you are signed out. To keep it, sign in within %(days)d days."
)


def _days() -> int:
    return max(1, round(flows().erasure.grace.total_seconds() / 86400))


@pages.get("/account/delete")
def show_delete() -> str:
    """What deleting means, and the form."""
    return fresh(DELETE, user=person(sign_in.require_signed_in()), days=_days())


@pages.post("/account/delete")
def delete() -> Response:
    """Close the account."""
    here = sign_in.require_signed_in()
    try:
        flows().erasure.schedule(here, current_password=posted("current_password") or None, visit=visit())
    except Refusal as refusal:
        return refused(DELETE, refusal, user=person(here), days=_days())
    return sign_in.end(go("/login"), notice=gettext(SCHEDULED) % {"days": _days()})
