"""What other services are told of accounts (Standard Webhooks): the kinds, what each carries, who hears them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

WEBHOOK = "webhook"  # the errand that delivers an event
ROTATION_OVERLAP = timedelta(
    hours=24
)  # for how long a webhook's earlier secret still signs beside the new one
KEEP_EVENTS = timedelta(days=30)  # how far back events can be replayed


class WebhookType(StrEnum):
    """The events of the contract."""

    USER_CREATED = "user.created"
    USER_UPDATED = "user.updated"
    USER_EMAIL_CHANGED = "user.email_changed"
    USER_PASSWORD_CHANGED = "user.password_changed"
    USER_DISABLED = "user.disabled"
    USER_DELETED = "user.deleted"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    SESSION_CREATED = "session.created"
    SESSION_REVOKED = "session.revoked"
    NEWSLETTER_SUBSCRIBED = "newsletter.subscribed"
    NEWSLETTER_UNSUBSCRIBED = "newsletter.unsubscribed"


# Which entries of the audit trail others are told of, and as what. Sessions and identities are not here: the store
# tells of them where their rows begin and end.
ANNOUNCED: Mapping[str, tuple[WebhookType, ...]] = {
    "user.created": (WebhookType.USER_CREATED,),
    "user.updated": (WebhookType.USER_UPDATED,),
    "user.enabled": (WebhookType.USER_UPDATED,),
    "user.disabled": (WebhookType.USER_DISABLED,),
    "user.deleted": (WebhookType.USER_DELETED,),
    "email.verified": (WebhookType.USER_UPDATED,),
    "email.changed": (WebhookType.USER_EMAIL_CHANGED,),
    "email.change_undone": (WebhookType.USER_EMAIL_CHANGED, WebhookType.USER_PASSWORD_CHANGED),
    "password.changed": (WebhookType.USER_PASSWORD_CHANGED,),
    "password.dropped": (WebhookType.USER_PASSWORD_CHANGED,),
    "password.reset": (WebhookType.USER_PASSWORD_CHANGED,),
    "session.disowned": (WebhookType.USER_PASSWORD_CHANGED,),
    "newsletter.subscribed": (WebhookType.NEWSLETTER_SUBSCRIBED,),
    "newsletter.unsubscribed": (WebhookType.NEWSLETTER_UNSUBSCRIBED,),
}
# `fields` of `user.updated`, where the audit event does not name them itself
FIELDS = {"user.enabled": ["disabled"], "email.verified": ["email_verified"]}
# Which facts of the account go along; all others are asked for where they are needed (the user API).
TOLD: Mapping[WebhookType, tuple[str, ...]] = {
    WebhookType.USER_CREATED: ("email", "email_verified", "locale", "roles"),
    WebhookType.USER_EMAIL_CHANGED: ("email", "email_verified"),
    WebhookType.NEWSLETTER_SUBSCRIBED: ("email", "email_verified", "locale"),
    WebhookType.NEWSLETTER_UNSUBSCRIBED: ("email",),
}


@dataclass(frozen=True)
class Webhook:
    """A place events are sent to. Its secrets are encrypted; two sign while one replaces the other.

    `events` are the kinds it wants, none meaning all. `failing_since` is the first failure after the last success,
    `trouble` what was answered last; `disabled_by` is "staff", "failing" or "gone".
    """

    id: UUID
    url: str = field(repr=False)
    events: tuple[str, ...]
    secret: str = field(repr=False)
    created_at: datetime
    earlier_secret: str | None = field(default=None, repr=False)
    earlier_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_by: str | None = None
    failing_since: datetime | None = None
    trouble: str = ""

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None

    def wants(self, kind: str) -> bool:
        return not self.events or kind in self.events

    def keeps_events(self, now: datetime) -> bool:
        """Whether events are kept for it: one that was disabled lately may be enabled, and told what it missed."""
        return self.disabled_at is None or self.disabled_at > now - KEEP_EVENTS

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the newest first, as they are kept."""
        earlier = self.earlier_until is not None and self.earlier_until > now
        return (self.secret, self.earlier_secret) if earlier and self.earlier_secret else (self.secret,)


@dataclass(frozen=True)
class WebhookEvent:
    """Something that happened to an account. Its id stays the same through every retry and replay.

    `turn` counts up in the order of commits that wait for each other: by it an account's events are ordered.
    """

    turn: int
    id: UUID
    type: WebhookType
    user_id: UUID
    at: datetime
    data: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Delivery:
    """An event on its way. `secrets` run newest first and are readable."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    event: WebhookEvent


def lane(webhook_id: UUID, user_id: UUID) -> str:
    """Name the queue in which a webhook hears of an account: strictly one after the other."""
    return f"{webhook_id.hex}/{user_id.hex}"


class Webhooks(Protocol):
    """The webhooks and the events that are kept for them."""

    def get(self, webhook_id: UUID) -> Webhook | None: ...

    def all(self) -> Sequence[Webhook]:
        """All of them, the oldest first."""

    def add(self, webhook: Webhook) -> None: ...

    def rotate_secret(self, webhook_id: UUID, secret: str, *, earlier_until: datetime) -> bool:
        """Set a new secret; the present one signs beside it for a while. False for an unknown webhook."""

    def disable(self, webhook_id: UUID, *, at: datetime, by: str) -> bool:
        """Stop telling it; False when it was so already."""

    def enable(self, webhook_id: UUID) -> bool:
        """Tell it again, as if it had never failed; False when it was not disabled."""

    def failed(self, webhook_id: UUID, *, at: datetime, trouble: str) -> datetime | None:
        """Note a failure; since when it has been failing, None for one that is disabled or gone."""

    def recovered(self, webhook_id: UUID, *, still_since: datetime | None) -> None:
        """Note a success; `still_since` when there is more to catch up with."""

    def hurry(self, webhook_id: UUID, *, now: datetime, beyond: datetime, limit: int) -> int:
        """Make up to `limit` deliveries that wait until after `beyond` due; how many there were."""

    def event(self, event_id: UUID) -> WebhookEvent | None: ...

    def turn_at(self, since: datetime) -> int | None:
        """The turn of the first event from an instant on; None when there is none."""

    def first_missed(self, webhook: Webhook) -> WebhookEvent | None:
        """The first event a disabled webhook was not told of since it failed or was disabled."""

    def events_from(self, turn: int, limit: int) -> Sequence[WebhookEvent]: ...

    def queue(self, webhook: Webhook, events: Sequence[WebhookEvent], *, at: datetime) -> int:
        """Have events delivered; those that wait already are left alone. How many were added."""

    def waiting(self, webhook_id: UUID | None = None) -> tuple[int, datetime | None]:
        """How many deliveries wait, and since when the oldest does; of all webhooks together without an id."""

    def purge(self, before: datetime) -> int:
        """Forget the events, and the records of deliveries, that are older."""
