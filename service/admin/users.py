"""One account: what there is to know for support, and what support may do. Never to one's own account."""

from uuid import UUID

from flask import Blueprint, Response, render_template

from service.admin import presentation
from service.admin.guard import by, staff
from service.core.errors import NotFound, ValidationFailed
from service.http.forms import go
from service.http.requests import flows, visit

pages = Blueprint("admin_users", __name__, url_prefix="/admin/users/<uuid:user_id>")
OWN = "This is your own account. Use your account page."
DISABLED = "The account is disabled. Its sessions and mailed links are dead."
ENABLED = "The account is open again."
RESET_MAILED = "A reset link is on its way to the owner. All sessions have ended."
NO_ADDRESS = "This account has no address to write to."
SIGNED_OUT = "All sessions and mailed links of the account have ended."
SESSION_ENDED = "That session has ended."
FACTOR_OFF = "The second factor is off. All sessions have ended, and the owner is told by mail."


class OwnAccount(Exception):
    """Staff who would change their own account here, without the password that the account page asks for."""


@pages.errorhandler(OwnAccount)
def leave_own_account(_: OwnAccount) -> Response:
    """Lead back to the account; nothing has changed."""
    return go(_path(staff().user.id), OWN)


@pages.get("")
def show(user_id: UUID) -> str:
    """The account; looking at it is audited."""
    account = flows().staff_desk.account(user_id, staff(), visit())
    shown = presentation.account(account, flows().linking.labels)
    return render_template("admin/user.html", **shown, own=user_id == staff().user.id)


@pages.post("/disable")
def disable(user_id: UUID) -> Response:
    """Close the account."""
    _not_ones_own(user_id)
    flows().accounts.disable(user_id, visit(), by=by())
    return go(_path(user_id), DISABLED)


@pages.post("/enable")
def enable(user_id: UUID) -> Response:
    """Open the account again."""
    _not_ones_own(user_id)
    flows().accounts.enable(user_id, visit(), by=by())
    return go(_path(user_id), ENABLED)


@pages.post("/password-reset")
def mail_reset(user_id: UUID) -> Response:
    """Mail the owner a reset link; it is shown to nobody."""
    _not_ones_own(user_id)
    try:
        flows().accounts.send_reset(user_id, visit(), by=by())
    except ValidationFailed:
        return go(_path(user_id), NO_ADDRESS)
    return go(_path(user_id), RESET_MAILED)


@pages.post("/sessions/end")
def end_sessions(user_id: UUID) -> Response:
    """Sign the reader out everywhere."""
    _not_ones_own(user_id)
    flows().accounts.sign_out_everywhere(user_id, visit(), by=by())
    return go(_path(user_id), SIGNED_OUT)


@pages.post("/sessions/<uuid:session_id>/end")
def end_session(user_id: UUID, session_id: UUID) -> Response:
    """Sign one browser out."""
    _not_ones_own(user_id)
    flows().sessions.end(session_id, user_id=user_id, visit=visit(), by=by())
    return go(_path(user_id), SESSION_ENDED)


@pages.get("/second-factor")
def ask_second_factor(user_id: UUID) -> str:
    """What turning the second factor off means, and the button."""
    account = flows().staff_desk.account(user_id, staff(), visit())
    if account.app_since is None:
        raise NotFound
    return render_template("admin/second_factor.html", user=presentation.person(account.user))


@pages.post("/second-factor")
def remove_second_factor(user_id: UUID) -> Response:
    """Turn it off for an owner who has lost app and codes."""
    _not_ones_own(user_id)
    flows().second_factor.remove_for(user_id, visit(), by=by())
    return go(_path(user_id), FACTOR_OFF)


def _not_ones_own(user_id: UUID) -> None:
    if user_id == staff().user.id:
        raise OwnAccount


def _path(user_id: UUID) -> str:
    return f"/admin/users/{user_id}"
