"""The keys tokens are signed with: which there are, and the next one."""

from flask import Blueprint, Response, render_template

from service.admin.guard import by
from service.http.forms import go, posted
from service.http.requests import flows, visit

pages = Blueprint("admin_keys", __name__, url_prefix="/admin/keys")
PUBLISHED = "The next key is published. It signs in an hour, when everybody has had time to fetch it."
AT_ONCE = "The new key signs from now on."


@pages.get("")
def show() -> str:
    """Those that are published; of each its public name alone."""
    listed = [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "state": state,
            "published_at": key.published_at,
            "active_at": key.active_at,
        }
        for key, state in flows().signing_keys.list()
    ]
    return render_template("admin/keys.html", keys=listed)


@pages.post("/rotate")
def rotate() -> Response:
    """Publish the next key, or sign with it at once."""
    at_once = posted("at_once") == "yes"
    flows().signing_keys.rotate(at_once=at_once, visit=visit(), by=by())
    return go("/admin/keys", AT_ONCE if at_once else PUBLISHED)
