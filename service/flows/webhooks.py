"""Where other services are told of accounts: registered by staff, with a secret that signs what they get."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.core.errors import NotFound
from service.core.identities import Vault
from service.core.ports import Clock, Store
from service.core.values import Visit, new_id
from service.core.webhook_rules import accept_events, accept_webhook_url
from service.core.webhooks import LEASED, ROTATION_OVERLAP, Webhook, WebhookEvent

AT_ONCE = 500  # events or deliveries in one transaction


class NothingToReplay(Exception):
    """There is no such point to begin from, or nobody to tell; the text says which, to staff."""


@dataclass(frozen=True)
class WebhookState:
    """A webhook and its queue: how many deliveries wait, and since when the oldest does."""

    webhook: Webhook
    waiting: int
    waiting_since: datetime | None


@dataclass(frozen=True)
class Webhooks:
    """Register, rotate, disable, enable, replay. `private` lets receivers be this machine's, in tests."""

    store: Store
    clock: Clock
    vault: Vault
    private: bool

    def create(self, url: str, events: Sequence[str], visit: Visit) -> tuple[Webhook, str]:
        """Register one; its secret is told this once. Raises `NotDeliverable`."""
        secret, now = new_signing_secret(), self.clock()
        webhook = Webhook(
            id=new_id(),
            url=accept_webhook_url(url, private=self.private),
            events=accept_events(events),
            secret=self.vault.lock(secret),
            created_at=now,
        )
        with self.store.write() as uow:
            uow.webhooks.add(webhook)
            uow.audit.record("webhook.created", at=now, visit=visit, webhook=str(webhook.id))
        return webhook, secret

    def list(self) -> Sequence[WebhookState]:
        """All of them, the oldest first."""
        with self.store.read() as uow:
            return [
                WebhookState(webhook, *uow.webhooks.waiting(webhook.id)) for webhook in uow.webhooks.all()
            ]

    def rotate_secret(self, webhook_id: UUID, visit: Visit) -> str:
        """Give it a new secret; for another day both sign. Raises `NotFound`."""
        secret, now = new_signing_secret(), self.clock()
        with self.store.write() as uow:
            locked = self.vault.lock(secret)
            if not uow.webhooks.rotate_secret(webhook_id, locked, earlier_until=now + ROTATION_OVERLAP):
                raise NotFound
            uow.audit.record("webhook.secret_rotated", at=now, visit=visit, webhook=str(webhook_id))
        return secret

    def disable(self, webhook_id: UUID, visit: Visit, *, by: str = "staff") -> Webhook:
        """Tell it nothing any more; events are kept for a replay. Raises `NotFound`."""
        now = self.clock()
        with self.store.write() as uow:
            if uow.webhooks.disable(webhook_id, at=now, by="staff"):
                uow.audit.record("webhook.disabled", at=now, visit=visit, webhook=str(webhook_id), by=by)
            return _found(uow.webhooks.get(webhook_id))

    def enable(self, webhook_id: UUID, visit: Visit, *, by: str = "staff") -> WebhookEvent | None:
        """Tell it again, what waits first; return the first event it has missed. Raises `NotFound`."""
        with self.store.write() as uow:
            before = _found(uow.webhooks.get(webhook_id))
            if not uow.webhooks.enable(webhook_id):
                return None
            uow.audit.record("webhook.enabled", at=self.clock(), visit=visit, webhook=str(webhook_id), by=by)
            missed = uow.webhooks.first_missed(before)
        self._hurry(webhook_id)
        return missed

    def replay(
        self,
        webhook_id: UUID,
        visit: Visit,
        *,
        since: datetime | None = None,
        event_id: UUID | None = None,
        by: str = "staff",
    ) -> int:
        """Deliver again what happened since an instant, or from an event on; how many deliveries were added.

        They keep their ids and their order, and what waits for a later try goes out as well.
        Raises `NotFound` and `NothingToReplay`.
        """
        webhook, turn = self._point(webhook_id, since, event_id)
        queued, now = 0, self.clock()
        while turn is not None:
            with self.store.write() as uow:
                events = uow.webhooks.events_from(turn, AT_ONCE)
                queued += uow.webhooks.queue(webhook, events, at=now)
            turn = events[-1].turn + 1 if len(events) == AT_ONCE else None
        self._hurry(webhook_id)
        with self.store.write() as uow:
            uow.audit.record(
                "webhook.replayed", at=now, visit=visit, webhook=str(webhook_id), queued=queued, by=by
            )
        return queued

    def _hurry(self, webhook_id: UUID) -> None:
        """Make due what waits for a later try: somebody says that the receiver is well."""
        hurried = AT_ONCE
        while hurried == AT_ONCE:
            now = self.clock()
            with self.store.write() as uow:
                hurried = uow.webhooks.hurry(webhook_id, now=now, beyond=now + LEASED, limit=AT_ONCE)

    def _point(
        self, webhook_id: UUID, since: datetime | None, event_id: UUID | None
    ) -> tuple[Webhook, int | None]:
        with self.store.read() as uow:
            webhook = _found(uow.webhooks.get(webhook_id))
            if webhook.disabled:
                raise NothingToReplay(f"{webhook_id} is disabled: enable it first")
            if since is not None:
                return webhook, uow.webhooks.turn_at(since)
            event = uow.webhooks.event(event_id) if event_id else None
        if event is None:
            raise NothingToReplay("there is no such event; they are kept for 30 days")
        return webhook, event.turn


def new_signing_secret() -> str:
    """Return 256 fresh random bits in the form Standard Webhooks gives secrets."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode('ascii')}"


def _found(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise NotFound
    return webhook
