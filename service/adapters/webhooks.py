"""The errand that delivers an event, signed by the Standard Webhooks scheme."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx2
from standardwebhooks.webhooks import Webhook as Signer

from service.adapters.targets import TargetRefused
from service.core.mail import DeliveryRefused, TransportTrouble
from service.core.values import OutboxRow
from service.core.webhooks import Delivery, WebhookEvent
from service.flows.webhook_deliveries import WebhookDeliveries

LONGEST_WEBHOOK = 10.0  # seconds, from looking the name up to the answer's head
TIMEOUT = httpx2.Timeout(LONGEST_WEBHOOK, connect=5.0)


@dataclass(frozen=True)
class WebhookCall:
    """Signs an event when it is sent, so that its timestamp is fresh however often it was tried."""

    deliveries: WebhookDeliveries
    transport: httpx2.BaseTransport

    def __call__(self, row: OutboxRow) -> str:
        """Send. Any 2xx is a success; 410 says that nobody will ever listen (Standard Webhooks).

        Raises `TransportTrouble` and `DeliveryRefused`.
        """
        delivery = self.deliveries.prepare(row)
        body = body_of(delivery.event)
        headers = signed_headers(delivery, body, at=datetime.now(UTC))
        try:
            with httpx2.Client(transport=self.transport, timeout=TIMEOUT) as client:
                answer = client.post(delivery.url, content=body.encode(), headers=headers)
        except TargetRefused as error:
            raise TransportTrouble("the address leads into a private network, or nowhere") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise TransportTrouble(
                f"{type(error).__name__}: it cannot be reached, or its answer is too long or too slow"
            ) from error
        except (OSError, RuntimeError) as error:
            # this machine is out of files or threads, and the event is none the worse for it
            raise TransportTrouble(f"{type(error).__name__}: no means for the call") from error
        told = f"{answer.status_code} {_phrase(answer.status_code)}".rstrip()
        if answer.status_code == HTTPStatus.GONE:
            raise DeliveryRefused(told, about_recipient=True)
        if not answer.is_success:
            raise TransportTrouble(told)
        return told


def body_of(event: WebhookEvent) -> str:
    """Write an event out: the same text at every try."""
    timestamp = event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told: dict[str, Any] = {"type": str(event.type), "timestamp": timestamp, "data": event.data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def signed_headers(delivery: Delivery, body: str, *, at: datetime) -> Mapping[str, str]:
    """Return what proves who sent a body, and when; one signature for each secret that is good."""
    event_id = str(delivery.event.id)
    signatures = [Signer(secret).sign(event_id, at, body) for secret in delivery.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Masthead",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
