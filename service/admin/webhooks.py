"""The services that are told of accounts: how they fare, stopping and starting one, telling it again."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, render_template

from service.admin.guard import by
from service.core.errors import NotFound
from service.flows.webhook_deliveries import site_of
from service.flows.webhooks import NothingToReplay
from service.http.forms import go, posted
from service.http.requests import flows, visit

pages = Blueprint("admin_webhooks", __name__, url_prefix="/admin/webhooks")
HERE = "/admin/webhooks"
SPANS = {"1": "hour", "24": "day", "168": "week", "720": "30 days"}
DISABLED = "The webhook is disabled. Events are kept for 30 days."
ENABLED = "The webhook is told again, from now on. For what it missed, send events again."
FIRST_ENABLE = "Nothing was sent: enable the webhook first."
QUEUED = "Deliveries queued: {}"


@pages.get("")
def show() -> str:
    """All of them; of their addresses the host alone, for the rest may be a secret of the receiver."""
    listed = [
        {
            "id": str(state.webhook.id),
            "site": site_of(state.webhook.url),
            "events": state.webhook.events,
            "disabled_at": state.webhook.disabled_at,
            "disabled_by": state.webhook.disabled_by,
            "failing_since": state.webhook.failing_since,
            "trouble": state.webhook.trouble,
            "waiting": state.waiting,
            "waiting_since": state.waiting_since,
        }
        for state in flows().webhooks.list()
    ]
    return render_template("admin/webhooks.html", webhooks=listed, spans=SPANS)


@pages.post("/<uuid:webhook_id>/disable")
def disable(webhook_id: UUID) -> Response:
    """Tell it nothing any more."""
    flows().webhooks.disable(webhook_id, visit(), by=by())
    return go(HERE, DISABLED)


@pages.post("/<uuid:webhook_id>/enable")
def enable(webhook_id: UUID) -> Response:
    """Tell it again."""
    flows().webhooks.enable(webhook_id, visit(), by=by())
    return go(HERE, ENABLED)


@pages.post("/<uuid:webhook_id>/replay")
def replay(webhook_id: UUID) -> Response:
    """Send the events of the last hour, day, week or month again."""
    hours = posted("hours")
    if hours not in SPANS:
        raise NotFound
    since = flows().webhooks.clock() - timedelta(hours=int(hours))
    try:
        queued = flows().webhooks.replay(webhook_id, visit(), since=since, by=by())
    except NothingToReplay:
        return go(HERE, FIRST_ENABLE)
    return go(HERE, QUEUED.format(queued))
