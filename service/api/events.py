"""What Apple and Google tell the service themselves: signed messages, each counted once."""

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag

from service.api.answers import problems
from service.http.requests import flows

api = APIBlueprint(
    "events",
    __name__,
    url_prefix="/events",
    abp_tags=[Tag(name="Notifications", description="Signed messages from outside services.")],
)
FROM_ANYWHERE = ("events.from_apple", "events.from_google")
ANSWERS = {
    202: None,
    **problems(
        s400="`invalid_notification`: not the provider's, not for us, or too old. Nothing has changed.",
        s404="`not_found`: this provider is not configured.",
        s413="`payload_too_large`: more than 64 KiB.",
    ),
}


@api.post("/apple", responses=ANSWERS)
def from_apple() -> Response:
    """Server-to-server notifications of Sign in with Apple: `{"payload": JWS}`"""
    return _received("apple")


@api.post("/google", responses=ANSWERS)
def from_google() -> Response:
    """Security events of Google (RISC): a security event token, RFC 8935"""
    return _received("google")


def _received(provider: str) -> Response:
    flows().provider_events.receive(provider, request.get_data(as_text=True))
    return Response(status=202)
