"""What became of the letters to an address ("I never got the mail"), and writing to it again."""

from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from service.admin.guard import by, staff
from service.admin.presentation import timeline
from service.core.errors import ValidationFailed
from service.http.forms import go
from service.http.requests import flows, visit

pages = Blueprint("admin_mail", __name__, url_prefix="/admin/mail")
NOT_WHOLE = "Give a whole email address."
LIFTED = "Letters go to this address again."
NOT_LISTED = "Letters went to this address already."


@pages.get("")
def show() -> str:
    """The form, and with an address its timeline; looking is audited."""
    typed, problem, found = request.args.get("address", "").strip(), None, None
    if typed:
        try:
            found = timeline(flows().staff_desk.mail(typed, staff(), visit()))
        except ValidationFailed:
            problem = NOT_WHOLE
    return render_template("admin/mail.html", typed=typed, problem=problem, mail=found)


@pages.post("")
def lift() -> Response:
    """Write to the address again."""
    address = request.args.get("address", "")
    lifted = flows().suppressions.unsuppress(address, visit(), by=by())
    return go(f"/admin/mail?{urlencode({'address': address})}", LIFTED if lifted else NOT_LISTED)
