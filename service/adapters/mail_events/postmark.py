"""Postmark's webhooks: no signature, so a secret in the URL's basic auth, compared in constant time.

https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

import hmac
from datetime import datetime
from typing import Any

from service.adapters.mail_events.reading import inside, objects, text
from service.core.mail_events import EventKind, MailReport, Notification, row_of
from service.core.service_errors import InvalidNotification

HARD = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
SOFT = frozenset({"SoftBounce", "Transient", "DnsError", "Blocked", "Undeliverable", "DMARCPolicy"})


class Postmark:
    """`secret` is the password in the address given to Postmark."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def read(self, notification: Notification, now: datetime) -> list[MailReport]:
        if not hmac.compare_digest(self._secret, notification.password.encode("utf-8", "replace")):
            raise InvalidNotification
        records = objects(notification.body)
        return [_report(kind, record) for record in records if (kind := _kind(record)) is not None]


def _kind(record: dict[str, Any]) -> EventKind | None:
    if record.get("RecordType") == "SpamComplaint" or record.get("Type") == "SpamComplaint":
        return EventKind.COMPLAINED
    if record.get("RecordType") != "Bounce":
        return None
    if record.get("Type") in HARD:
        return EventKind.BOUNCED
    return EventKind.BOUNCED_SOFTLY if record.get("Type") in SOFT else None


def _report(kind: EventKind, record: dict[str, Any]) -> MailReport:
    key = f"postmark:{kind}:{text(record, 'ID') or text(record, 'MessageID')}"
    row_id = row_of(inside(record, "Metadata").get("message-id"))
    detail = text(record, "Details") or text(record, "Description")
    return MailReport(kind, "postmark", key[:300], text(record, "Email"), row_id, detail)
