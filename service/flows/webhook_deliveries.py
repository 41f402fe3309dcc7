"""An event on its way to a webhook: what is sent, and what follows from how it went. Runs in the worker."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from service.core.identities import Vault
from service.core.mail import DeliveryRefused, TransportTrouble
from service.core.ports import Clock, Store, UnitOfWork
from service.core.values import Letter, OutboxRow, Outcome, Priority
from service.core.webhooks import Delivery

logger = logging.getLogger(__name__)

STAFF_NOTICE = "staff_webhook_disabled"
FAILING, GONE = "failing", "gone"
PATIENCE = timedelta(days=1)  # for how long a webhook may fail before it is disabled
OUTAGE = timedelta(minutes=10)  # from then on what waited is sent at once when the receiver is back
HURRIED = 500  # deliveries made due with one success
LEASED = timedelta(minutes=2)  # what is due later than that is in nobody's hands
NOTICE_LIFETIME = timedelta(days=3)


@dataclass(frozen=True)
class WebhookDeliveries:
    """Says what to send, and hears how it went. `staff` is the address told of webhooks that are disabled, if any."""

    store: Store
    clock: Clock
    vault: Vault
    staff: str | None

    def prepare(self, row: OutboxRow) -> Delivery:
        """Return what a row asks to send. Raises `DeliveryRefused` and `TransportTrouble`."""
        with self.store.read() as uow:
            webhook = uow.webhooks.get(UUID(row.context["webhook"]))
            event = uow.webhooks.event(UUID(row.context["event"]))
        if webhook is None or webhook.disabled:
            raise DeliveryRefused("disabled")
        if event is None:
            raise DeliveryRefused("the event is kept no longer")
        opened = [self.vault.unlock(secret) for secret in webhook.secrets(self.clock())]
        readable = tuple(secret for secret in opened if secret is not None)
        if not readable:
            raise TransportTrouble("its secret was encrypted under a key that is gone: rotate it")
        return Delivery(webhook.url, readable, event)

    def on_result(self, row: OutboxRow, uow: UnitOfWork, outcome: Outcome | None, answer: str) -> None:
        """Note how a delivery went; disable a webhook that has failed for a day."""
        webhook_id = UUID(row.context["webhook"])
        if outcome is Outcome.SENT:
            self._recover(uow, webhook_id)
        elif outcome in (None, Outcome.EXPIRED):
            now = self.clock()
            since = uow.webhooks.failed(webhook_id, at=now, trouble=answer)
            if since is not None and now - since >= PATIENCE:
                self._disable(uow, webhook_id, by=FAILING)

    def on_refusal(self, row: OutboxRow, uow: UnitOfWork, answer: str) -> None:
        """Disable a webhook whose receiver says that it is gone."""
        webhook_id = UUID(row.context["webhook"])
        uow.webhooks.failed(webhook_id, at=self.clock(), trouble=answer)
        self._disable(uow, webhook_id, by=GONE)

    def notice(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Tell staff that a webhook was disabled, and how to go on."""
        webhook = uow.webhooks.get(UUID(row.context["webhook"]))
        if webhook is None or not webhook.disabled:
            return Outcome.SUPERSEDED
        context = {
            "webhook": str(webhook.id),
            "site_link": site_of(webhook.url),
            "gone": webhook.disabled_by == GONE,
            "answer": webhook.trouble,
        }
        return Letter(row.letter, row.address, "en", context)

    def _recover(self, uow: UnitOfWork, webhook_id: UUID) -> None:
        """Forget failures. After an outage what waited for a later try is due now, some with every success."""
        webhook, now = uow.webhooks.get(webhook_id), self.clock()
        if webhook is None or webhook.failing_since is None or webhook.disabled:
            return
        still_since = None
        if now - webhook.failing_since >= OUTAGE:
            hurried = uow.webhooks.hurry(webhook_id, now=now, beyond=now + LEASED, limit=HURRIED)
            still_since = now - OUTAGE if hurried == HURRIED else None
        uow.webhooks.recovered(webhook_id, still_since=still_since)

    def _disable(self, uow: UnitOfWork, webhook_id: UUID, *, by: str) -> None:
        now = self.clock()
        if not uow.webhooks.disable(webhook_id, at=now, by=by):
            return
        uow.audit.record("webhook.disabled", at=now, webhook=str(webhook_id), by=by)
        logger.error("a webhook is disabled", extra={"event": "webhook.given_up", "webhook": str(webhook_id)})
        if self.staff is not None:
            uow.outbox.add(
                STAFF_NOTICE,
                address=self.staff,
                canonical=self.staff.lower(),
                at=now,
                expires_in=NOTICE_LIFETIME,
                priority=Priority.NOTICE,
                context={"webhook": str(webhook_id)},
            )


def site_of(url: str) -> str:
    """Return what may be shown of a URL: its path and query may hold the receiver's own secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
