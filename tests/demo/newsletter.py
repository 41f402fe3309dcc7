"""The newsletter: knows its subscribers by the webhooks of Masthead alone, and keeps them by the account's id.

In memory: the demo ends when its processes do.
"""

import os
from typing import Any

from flask import Flask, request
from markupsafe import Markup
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.demo.paper import page

app = Flask(__name__)
subscribers: dict[str, str] = {}


@app.get("/")
def who() -> str:
    """All who want it."""
    addresses = Markup("").join(Markup("<li>{}</li>").format(address) for address in subscribers.values())
    body = Markup("<ul>{}</ul>").format(addresses) if subscribers else Markup("<p>Nobody yet.</p>")
    return page("Subscribers", body)


@app.post("/hook")
def hear() -> tuple[str, int]:
    """Take one event, if Masthead signed it."""
    try:
        event: dict[str, Any] = Webhook(os.environ["WEBHOOK_SECRET"]).verify(
            request.get_data(), dict(request.headers)
        )
    except WebhookVerificationError:
        return "", 401
    account, address = event["data"]["user_id"], event["data"].get("email")
    match event["type"]:
        case "newsletter.subscribed":
            subscribers[account] = address
        case "user.email_changed" if account in subscribers:
            subscribers[account] = address
        case "newsletter.unsubscribed" | "user.deleted":
            subscribers.pop(account, None)
    return "", 204
