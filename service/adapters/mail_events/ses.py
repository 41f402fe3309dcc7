"""Amazon SES: bounces and complaints by way of an SNS topic.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from service.adapters.mail_events.reading import inside, items, objects, text
from service.adapters.mail_events.sns import Fetch, SnsSignatures
from service.core.mail_events import EventKind, MailReport, Notification, row_of
from service.core.service_errors import InvalidNotification


class Ses:
    """`topics` are the ARNs that may speak: anybody can have an SNS topic of their own."""

    def __init__(self, topics: Iterable[str], read: Fetch) -> None:
        self._topics = frozenset(topics)
        self._signatures = SnsSignatures(read)

    def read(self, notification: Notification, now: datetime) -> list[MailReport]:
        reports: list[MailReport] = []
        for message in objects(notification.body):
            if text(message, "TopicArn") not in self._topics:
                raise InvalidNotification
            self._signatures.require(message, now)
            if message.get("Type") == "SubscriptionConfirmation":
                self._signatures.confirm(message)
            elif message.get("Type") == "Notification":
                reports += _reports(text(message, "Message"))
        return reports


def _reports(told: str) -> Iterator[MailReport]:
    """Read the event inside; SNS's own "subscription is working" text is no event."""
    if not told.lstrip().startswith("{"):
        return
    for event in objects(told.encode("utf-8", "replace")):
        kind, about, recipients = _bounce(event) or _complaint(event) or (None, {}, [])
        if kind is None:
            continue
        row_id = _row(inside(event, "mail"))
        for recipient in recipients:
            address = text(recipient, "emailAddress").rpartition("<")[2].rstrip("> ")
            status, reason = text(recipient, "status"), text(recipient, "diagnosticCode")
            detail = " ".join(filter(None, (status, reason))) or text(about, "complaintFeedbackType")
            key = f"ses:{text(about, 'feedbackId')}:{address.lower()}"
            yield MailReport(kind, "ses", key[:300], address, row_id, detail)


Finding = tuple[EventKind, dict[str, Any], list[dict[str, Any]]]


def _bounce(event: dict[str, Any]) -> Finding | None:
    about = inside(event, "bounce")
    if not about:
        return None
    kind = EventKind.BOUNCED if about.get("bounceType") == "Permanent" else EventKind.BOUNCED_SOFTLY
    return kind, about, items(about, "bouncedRecipients")


def _complaint(event: dict[str, Any]) -> Finding | None:
    about = inside(event, "complaint")
    return (EventKind.COMPLAINED, about, items(about, "complainedRecipients")) if about else None


def _row(mail: dict[str, Any]) -> UUID | None:
    """Find our Message-ID: SES gives letters one of its own and keeps ours among the headers."""
    for header in items(mail, "headers"):
        if text(header, "name").lower() == "message-id":
            return row_of(header.get("value"))
    return row_of(inside(mail, "commonHeaders").get("messageId"))
