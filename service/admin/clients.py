"""The services that sign readers in here: which there are, and closing one."""

from flask import Blueprint, Response, render_template

from service.admin.guard import by
from service.core.errors import NotFound
from service.http.forms import go
from service.http.requests import flows, visit

pages = Blueprint("admin_clients", __name__, url_prefix="/admin/clients")
DISABLED = "The client is disabled. Its tokens and grants have ended."


@pages.get("")
def show() -> str:
    """All of them, without what proves them."""
    listed = [
        {
            "id": client.id,
            "name": client.name,
            "auth": client.auth,
            "grants": client.grants,
            "scopes": client.scopes,
            "redirect_uris": client.redirect_uris,
            "first_party": client.first_party,
            "disabled": client.disabled,
            "created_at": client.created_at,
        }
        for client in flows().clients.list()
    ]
    return render_template("admin/clients.html", clients=listed)


@pages.post("/<client_id>/disable")
def disable(client_id: str) -> Response:
    """Close one."""
    if not client_id.isascii() or not client_id.isalnum():
        raise NotFound
    flows().clients.disable(client_id, visit(), by=by())
    return go("/admin/clients", DISABLED)
