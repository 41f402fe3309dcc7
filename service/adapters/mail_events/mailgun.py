"""Mailgun's webhooks: an HMAC over timestamp and token, which says nothing about the event beside them.

So one token counts once: the event's key is the token, and a second call with it is no news.
https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
"""

import hmac
from datetime import datetime
from typing import Any

from service.adapters.mail_events.reading import inside, objects, require_recent, text
from service.core.mail_events import EventKind, MailReport, Notification, row_of
from service.core.service_errors import InvalidNotification


class Mailgun:
    """`key` is the account's HTTP webhook signing key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def read(self, notification: Notification, now: datetime) -> list[MailReport]:
        reports = []
        for call in objects(notification.body):
            token = self._token(inside(call, "signature"), now)
            event = inside(call, "event-data")
            kind = _kind(event)
            if kind is not None:
                reports.append(_report(kind, event, token))
        return reports

    def _token(self, signature: dict[str, Any], now: datetime) -> str:
        timestamp, token = text(signature, "timestamp"), text(signature, "token")
        expected = hmac.digest(self._key, (timestamp + token).encode("utf-8", "replace"), "sha256").hex()
        given = text(signature, "signature").encode("utf-8", "replace")
        if not token or not hmac.compare_digest(expected.encode(), given):
            raise InvalidNotification
        require_recent(timestamp, now)
        return token


def _kind(event: dict[str, Any]) -> EventKind | None:
    if event.get("event") == "complained":
        return EventKind.COMPLAINED
    if event.get("event") != "failed" or event.get("reason") in ("suppress-unsubscribe", "old"):
        return None
    return EventKind.BOUNCED if event.get("severity") == "permanent" else EventKind.BOUNCED_SOFTLY


def _report(kind: EventKind, event: dict[str, Any], token: str) -> MailReport:
    status = inside(event, "delivery-status")
    detail = " ".join(filter(None, (text(status, "code"), text(status, "message") or text(event, "reason"))))
    row_id = row_of(inside(event, "message", "headers").get("message-id"))
    return MailReport(kind, "mailgun", f"mailgun:{token}", text(event, "recipient"), row_id, detail)
