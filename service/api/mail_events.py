"""`POST /events/mail/{vendor}`: bounces and complaints, told by the vendor that carries the letters."""

from flask import Response, current_app, request
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, Field

from service.api.answers import problems
from service.api.events import api as notifications
from service.core.errors import NotFound
from service.core.mail_events import Notification
from service.http.requests import flows

api = APIBlueprint("mail_events", __name__, url_prefix="/events/mail", abp_tags=notifications.abp_tags)
FROM_ANYWHERE = ("mail_events.take",)
MOST_BYTES = 1024 * 1024  # SendGrid sends events by the hundred


class VendorPath(BaseModel):
    """Who carries the letters."""

    vendor: str = Field(description="`ses`, `postmark`, `sendgrid` or `mailgun`.")


@api.post(
    "/<vendor>",
    responses={
        202: None,
        **problems(
            s400="`invalid_notification`: not signed by the vendor, or too old. Nothing has changed.",
            s404="`not_found`: this vendor is not set up.",
            s413="`payload_too_large`: more than 1 MiB.",
        ),
    },
)
def take(path: VendorPath) -> Response:
    """Bounces and complaints, told by the vendor that carries the letters"""
    reader = current_app.extensions["masthead"].mail_events.get(path.vendor)
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
