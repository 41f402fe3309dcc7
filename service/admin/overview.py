"""How things go, and the search: a whole address or a whole id, never a part of one."""

from flask import Blueprint, Response, render_template, request

from service.admin.presentation import event
from service.core.errors import NotFound, ValidationFailed
from service.http.forms import go
from service.http.requests import flows

pages = Blueprint("admin", __name__)
NOT_WHOLE = "Give a whole email address or a whole id."
NOBODY = "No account has this address or id."


@pages.get("/admin")
def overview() -> Response | str:
    """What happened lately; with a search, on to the account."""
    typed, problem = request.args.get("q", "").strip(), None
    if typed:
        try:
            return go(f"/admin/users/{flows().staff_desk.find(typed).id}")
        except NotFound:
            problem = NOBODY
        except ValidationFailed:
            problem = NOT_WHOLE
    glance = flows().staff_desk.glance()
    return render_template(
        "admin/overview.html",
        typed=typed,
        problem=problem,
        mail_of=typed if problem == NOBODY and "@" in typed else None,
        signups=[event(one) for one in glance.signups],
        failures=[event(one) for one in glance.failures],
        waiting=glance.waiting,
        waiting_since=glance.waiting_since,
    )
