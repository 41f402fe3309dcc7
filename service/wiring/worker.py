"""The worker with all it delivers: letters, errands at providers and clients, and events for other services."""

from collections.abc import Mapping, Sequence

from config.settings import Settings
from service.adapters.backchannel_logout import BackchannelLogout
from service.adapters.providers.openid import OpenIdProvider
from service.adapters.providers.revocation import GrantRevocation
from service.adapters.webhooks import WebhookCall
from service.core.identities import Vault
from service.core.mail import Transport
from service.core.openid import BACKCHANNEL_LOGOUT
from service.core.ports import Clock
from service.core.tracing import Tracing
from service.core.values import Priority
from service.core.webhooks import WEBHOOK
from service.delivery.calls import CallQueue
from service.delivery.letters import Letters
from service.delivery.worker import Worker
from service.flows import Flows, identities
from service.flows.webhook_deliveries import WebhookDeliveries
from service.store.store import SqlStore
from service.wiring.basics import open_targets, open_webhook_targets
from service.wiring.mail import bounce_addresses, sender
from service.wiring.stories import letter_book


def assemble_worker(
    settings: Settings,
    clock: Clock,
    store: SqlStore,
    flows: Flows,
    letters: Letters,
    transports: Sequence[Transport],
    providers: Mapping[str, OpenIdProvider],
    vault: Vault,
    tracing: Tracing | None,
) -> Worker:
    """Give the worker its letters, its errands and its chores."""
    return Worker(
        store=store,
        prepare=letter_book(flows),
        errands={
            identities.REVOKE: GrantRevocation(providers, vault),
            BACKCHANNEL_LOGOUT: BackchannelLogout(flows.provider_logout, open_targets(settings)),
        },
        letters=letters,
        transports=transports,
        clock=clock,
        chores=[flows.erasure.erase_due, flows.signing_keys.look_after],
        sender=sender(settings),
        reply_to=settings.mail_reply_to,
        senders=settings.mail_senders,
        domain_senders=settings.mail_domain_senders,
        domain_rate=settings.mail_domain_rate,
        on_refusal=flows.suppressions.refused,
        bounces=bounce_addresses(settings),
        calls=[_webhook_queue(settings, flows.webhook_deliveries)],
        tracing=tracing,
    )


def _webhook_queue(settings: Settings, deliveries: WebhookDeliveries) -> CallQueue:
    """Events for other services: beside the letters, never before them."""
    return CallQueue(
        "webhook",
        Priority.WEBHOOK,
        {WEBHOOK: WebhookCall(deliveries, open_webhook_targets(settings))},
        on_refusal=deliveries.on_refusal,
        on_result=deliveries.on_result,
    )
