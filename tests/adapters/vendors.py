"""Mail vendors as they call: what they say of a letter, in their words and with their signatures."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from service.adapters.mail_events.sns import signed_text

Body = Any


@dataclass(frozen=True)
class Call:
    """A POST to `/events/mail/…`."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Vendor:
    """One vendor: the settings that let it in, and how it tells of a bounce. `at` is when it signs."""

    name: str
    settings: dict[str, str]
    event: Callable[..., Body]
    sign: Callable[..., Call]

    def call(
        self,
        kind: str,
        address: str,
        *,
        at: datetime | None = None,
        row_id: UUID | None = None,
        event_id: str = "1",
    ) -> Call:
        return self.sign(self.event(kind, address, row_id or uuid4(), event_id), at or datetime.now(UTC))


MAILGUN_KEY = "key-0123456789abcdef0123456789abcdef"


def mailgun_event(kind: str, address: str, row_id: UUID, event_id: str) -> Body:
    failed = {
        "event": "failed",
        "severity": "permanent" if kind == "hard" else "temporary",
        "reason": "bounce",
    }
    return {
        "id": event_id,
        **({"event": "complained"} if kind == "complaint" else failed),
        "recipient": address,
        "delivery-status": {"code": 550, "message": "5.1.1 no such user"},
        "message": {"headers": {"message-id": f"{row_id}@example.org"}},
    }


def mailgun_call(event: Body, at: datetime) -> Call:
    timestamp, token = str(int(at.timestamp())), f"token-{event['id']}-0123456789"
    signature = hmac.digest(MAILGUN_KEY.encode(), (timestamp + token).encode(), "sha256").hex()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return Call(
        json.dumps({"signature": signed, "event-data": event}).encode(), {"Content-Type": "application/json"}
    )


SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())


def public_key_of(key: ec.EllipticCurvePrivateKey) -> str:
    return base64.b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


def sendgrid_event(kind: str, address: str, row_id: UUID, event_id: str) -> Body:
    said = {
        "hard": {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 no such user"},
        "soft": {"event": "bounce", "type": "blocked", "status": "4.0.0", "reason": "421 later"},
        "complaint": {"event": "spamreport"},
    }[kind]
    return [
        {"email": address, "event": "processed", "sg_event_id": f"p{event_id}"},
        {"email": address, "sg_event_id": event_id, "smtp-id": f"<{row_id}@example.org>", **said},
    ]


def sendgrid_call(events: Body, at: datetime) -> Call:
    body, timestamp = json.dumps(events).encode(), str(int(at.timestamp()))
    signature = SENDGRID_KEY.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    return Call(
        body,
        {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        },
    )


POSTMARK_SECRET = "a secret of sixteen or more"


def postmark_event(kind: str, address: str, row_id: UUID, event_id: str) -> Body:
    if kind == "complaint":
        return {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": event_id, "Email": address}
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce" if kind == "hard" else "SoftBounce",
        "ID": event_id,
        "Email": address,
        "Details": "550 5.1.1 no such user",
        "Metadata": {"message-id": f"<{row_id}@example.org>"},
    }


def postmark_call(event: Body, at: datetime) -> Call:
    login = base64.b64encode(f"postmark:{POSTMARK_SECRET}".encode()).decode()
    return Call(
        json.dumps(event).encode(), {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    )


TOPIC = "arn:aws:sns:eu-central-1:123456789012:masthead"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SES_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sns_certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(SES_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=400))
        .sign(SES_KEY, SHA256())
        .public_bytes(Encoding.PEM)
    )


def ses_event(kind: str, address: str, row_id: UUID, event_id: str) -> Body:
    mail = {"messageId": "ses-1", "headers": [{"name": "Message-ID", "value": f"<{row_id}@example.org>"}]}
    if kind == "complaint":
        about = {"complainedRecipients": [{"emailAddress": address}], "feedbackId": event_id}
        return {"notificationType": "Complaint", "complaint": about, "mail": mail}
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent" if kind == "hard" else "Transient",
            "bouncedRecipients": [
                {"emailAddress": f"Ada <{address}>", "status": "5.1.1", "diagnosticCode": "550 no such user"}
            ],
            "feedbackId": event_id,
        },
        "mail": mail,
    }


def sns_message(version: str = "2", **fields: str) -> Call:
    message = {"TopicArn": TOPIC, "SignatureVersion": version, "SigningCertURL": CERTIFICATE_URL, **fields}
    hashing = SHA256() if version == "2" else SHA1()
    signature = SES_KEY.sign(signed_text(message), PKCS1v15(), hashing)
    message["Signature"] = base64.b64encode(signature).decode()
    return Call(json.dumps(message).encode(), {"Content-Type": "text/plain; charset=UTF-8"})


def ses_call(event: Body, at: datetime, version: str = "2") -> Call:
    return sns_message(
        version,
        Type="Notification",
        MessageId=str(uuid4()),
        Message=json.dumps(event),
        Timestamp=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )


VENDORS = {
    "mailgun": Vendor("mailgun", {"mail_events_mailgun_key": MAILGUN_KEY}, mailgun_event, mailgun_call),
    "sendgrid": Vendor(
        "sendgrid", {"mail_events_sendgrid_key": public_key_of(SENDGRID_KEY)}, sendgrid_event, sendgrid_call
    ),
    "postmark": Vendor(
        "postmark", {"mail_events_postmark_secret": POSTMARK_SECRET}, postmark_event, postmark_call
    ),
    "ses": Vendor("ses", {"mail_events_ses_topic_arn": TOPIC}, ses_event, ses_call),
}
