"""SendGrid's event webhook: ECDSA over timestamp and body, many events a call.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import base64
import binascii
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from service.adapters.mail_events.reading import objects, require_recent, text
from service.core.mail_events import EventKind, MailReport, Notification, row_of
from service.core.service_errors import InvalidNotification

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"


class SendGrid:
    """`key` is the verification key shown beside "Signed event webhook": base64 of a DER public key."""

    def __init__(self, key: str) -> None:
        try:
            public_key = load_der_public_key(base64.b64decode(key, validate=True))
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError(
                "AUTH_MAIL_EVENTS_SENDGRID_KEY: not the verification key SendGrid shows"
            ) from None
        if not isinstance(public_key, EllipticCurvePublicKey):
            raise ValueError("AUTH_MAIL_EVENTS_SENDGRID_KEY: not an elliptic-curve key")
        self._key = public_key

    def read(self, notification: Notification, now: datetime) -> list[MailReport]:
        timestamp = notification.headers.get(TIMESTAMP, "")
        try:
            signature = base64.b64decode(notification.headers.get(SIGNATURE, ""), validate=True)
            self._key.verify(signature, timestamp.encode() + notification.body, ECDSA(SHA256()))
        except (WrongSignature, binascii.Error, ValueError) as error:
            raise InvalidNotification from error
        require_recent(timestamp, now)
        events = objects(notification.body)
        return [_report(kind, event) for event in events if (kind := _kind(event)) is not None]


def _kind(event: dict[str, Any]) -> EventKind | None:
    """A `blocked` bounce is the receiving server's mood of the day; `deferred` is still being tried."""
    if event.get("event") == "spamreport":
        return EventKind.COMPLAINED
    if event.get("event") != "bounce":
        return None
    return EventKind.BOUNCED_SOFTLY if event.get("type") == "blocked" else EventKind.BOUNCED


def _report(kind: EventKind, event: dict[str, Any]) -> MailReport:
    detail = " ".join(filter(None, (text(event, "status"), text(event, "reason"))))
    key = text(event, "sg_event_id") or f"{text(event, 'timestamp')}:{kind}:{text(event, 'email')}"
    return MailReport(
        kind, "sendgrid", f"sendgrid:{key}"[:300], text(event, "email"), row_of(event.get("smtp-id")), detail
    )
