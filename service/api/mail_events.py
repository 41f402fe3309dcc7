"""`POST /events/mail/{vendor}`: bounces and complaints, told by the vendor that carries the letters."""

from flask import Blueprint, Response, current_app, request

from service.core.errors import NotFound
from service.core.mail_events import Notification
from service.http.requests import flows

events = Blueprint("mail_events", __name__)
FROM_ANYWHERE = ("mail_events.take",)
MOST_BYTES = 1024 * 1024  # SendGrid sends events by the hundred


@events.post("/events/mail/<vendor>")
def take(vendor: str) -> Response:
    """Take a vendor's notification: 202; 400 when the signature is wrong, 404 when nothing is set up for it."""
    reader = current_app.extensions["masthead"].mail_events.get(vendor)
    if reader is None:
        raise NotFound
    request.max_content_length = MOST_BYTES
    authorization = request.authorization
    notification = Notification(
        body=request.get_data(cache=False),
        headers={name.lower(): value for name, value in request.headers.items()},
        password=(authorization.password or "") if authorization else "",
    )
    suppressions = flows().suppressions
    suppressions.report(reader.read(notification, suppressions.clock()))
    return Response(status=202)
