"""What webhooks carry, described in `/openapi.json` beside what can be asked."""

from typing import Any

from pydantic import BaseModel, Field

from service.api.models import Instant
from service.core.webhooks import WebhookType

SCHEMAS = "#/components/schemas/{model}"
DESCRIPTION = (
    "Events that Masthead POSTs to the addresses staff registered (`flask webhooks create`), signed by the Standard"
    ' Webhooks scheme. A body is `{"type", "timestamp", "data"}`; what is listed here is `data`. Verify `webhook-id`,'
    " `webhook-timestamp` and `webhook-signature` with a library of the scheme before you believe a word. Delivered at"
    " least once, and in order for each account; an event keeps its `webhook-id` however often it comes, so use that to"
    " notice repetitions. Answer 2xx within 10 seconds. Anything else is tried again for about a day; 410 ends the"
    " webhook."
)
HEADERS = {
    "webhook-id": "The event's id: the same at every try and in every replay.",
    "webhook-timestamp": "When this try was signed, in seconds since 1970; refuse what is over 5 minutes old.",
    "webhook-signature": "`v1,` and a signature; two of them, with a space between, while a secret is rotated.",
}


class Account(BaseModel):
    """About which account."""

    user_id: str = Field(description="The account's `id`.")


class Created(Account):
    """A new account. `name` and all else: ask the user API."""

    email: str | None = Field(description="`null` for an account whose provider tells none.")
    email_verified: bool
    locale: str | None
    roles: list[str]


class Updated(Account):
    """Something else has changed."""

    fields: list[str] = Field(description="Of `name`, `locale`, `roles`, `disabled`, `email_verified`.")


class EmailChanged(Account):
    """Another address, proven; also when an earlier one was taken back."""

    email: str
    email_verified: bool


class Identity(Account):
    """At which other provider."""

    provider: str = Field(examples=["google"])


class SessionCreated(Account):
    """A sign-in."""

    session_id: str
    amr: list[str] = Field(description="How, by RFC 8176; `fed` for another provider.", examples=[["pwd"]])


class SessionRevoked(Account):
    """A session was ended, by its reader, by staff or by a change of password. One that runs out is not told."""

    session_id: str


class Subscribed(Account):
    """A yes to the newsletter."""

    email: str | None
    email_verified: bool
    locale: str | None


class Unsubscribed(Account):
    """The yes was taken back."""

    email: str | None


DATA: dict[WebhookType, tuple[str, type[Account]]] = {
    WebhookType.USER_CREATED: ("An account was made", Created),
    WebhookType.USER_UPDATED: ("An account was changed, or enabled again", Updated),
    WebhookType.USER_EMAIL_CHANGED: ("An account has another address", EmailChanged),
    WebhookType.USER_PASSWORD_CHANGED: ("A password was set, changed or dropped", Account),
    WebhookType.USER_DISABLED: ("An account was closed", Account),
    WebhookType.USER_DELETED: ("An account was erased: forget its reader", Account),
    WebhookType.IDENTITY_LINKED: ("Another provider was connected", Identity),
    WebhookType.IDENTITY_UNLINKED: ("Another provider was disconnected", Identity),
    WebhookType.SESSION_CREATED: ("A reader signed in", SessionCreated),
    WebhookType.SESSION_REVOKED: ("A session was ended", SessionRevoked),
    WebhookType.NEWSLETTER_SUBSCRIBED: ("A reader wants the newsletter", Subscribed),
    WebhookType.NEWSLETTER_UNSUBSCRIBED: ("A reader wants the newsletter no more", Unsubscribed),
}


class Event(BaseModel):
    """What every event says."""

    type: str
    timestamp: Instant = Field(description="When it happened.")
    data: dict[str, Any]


def describe(document: dict[str, Any]) -> None:
    """Add the events to an OpenAPI 3.1 document."""
    schemas = document["components"]["schemas"]
    for _, model in DATA.values():
        schemas[_name(model)] = model.model_json_schema(ref_template=SCHEMAS)
    document["webhooks"] = {str(kind): {"post": _operation(kind)} for kind in WebhookType}


def group(document: dict[str, Any]) -> dict[str, Any]:
    """Return the events the way the page shows groups of calls."""
    items = [
        {
            "method": "POST",
            "path": kind,
            "summary": methods["post"]["summary"],
            "description": methods["post"]["description"],
            "schema": _name(DATA[WebhookType(kind)][1]),
            "responses": [],
        }
        for kind, methods in document["webhooks"].items()
    ]
    return {"name": "Webhooks", "description": DESCRIPTION, "items": items}


def _operation(kind: WebhookType) -> dict[str, Any]:
    summary, model = DATA[kind]
    body = Event.model_json_schema(ref_template=SCHEMAS)
    body["properties"] |= {
        "type": {"type": "string", "const": str(kind)},
        "data": {"$ref": SCHEMAS.format(model=_name(model))},
    }
    return {
        "summary": summary,
        "description": model.__doc__ or "",
        "operationId": f"webhook_{kind.replace('.', '_')}",
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "schema": {"type": "string"},
                "description": text,
            }
            for name, text in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "Nobody will listen here any more: the webhook is disabled."},
            "default": {"description": "Tried again later."},
        },
    }


def _name(model: type[Account]) -> str:
    return f"Webhook{model.__name__}"
