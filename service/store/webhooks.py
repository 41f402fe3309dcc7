"""Webhooks, the events that are kept for them, and their queues in the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, text, update

from service.core.values import Outcome, Priority, new_id
from service.core.webhooks import KEEP_EVENTS, WEBHOOK, Webhook, WebhookEvent, WebhookType, lane
from service.store.openid_clients import upsert
from service.store.schema_mail import WAITING_IN_LANE, OutboxTable
from service.store.schema_webhooks import WebhookEventRow, WebhookRow

# in the order of the fields of `Webhook`
WEBHOOK_COLUMNS = (
    WebhookRow.id,
    WebhookRow.url,
    WebhookRow.events,
    WebhookRow.secret,
    WebhookRow.created_at,
    WebhookRow.earlier_secret,
    WebhookRow.earlier_until,
    WebhookRow.disabled_at,
    WebhookRow.disabled_by,
    WebhookRow.failing_since,
    WebhookRow.trouble,
)
# in the order of the fields of `WebhookEvent`
EVENT_COLUMNS = (
    WebhookEventRow.turn,
    WebhookEventRow.id,
    WebhookEventRow.type,
    WebhookEventRow.user_id,
    WebhookEventRow.at,
    WebhookEventRow.data,
)
ALL = select(*WEBHOOK_COLUMNS).order_by(WebhookRow.created_at, WebhookRow.id)
WAITING = (OutboxTable.settled_at.is_(None), OutboxTable.lane.is_not(None))


class WebhookRepository:
    """What is told to whom, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, webhook_id: UUID) -> Webhook | None:
        found = select(*WEBHOOK_COLUMNS).where(WebhookRow.id == webhook_id)
        row = self._connection.execute(found).one_or_none()
        return Webhook(*row) if row else None

    def all(self) -> Sequence[Webhook]:
        return [Webhook(*row) for row in self._connection.execute(ALL)]

    def add(self, webhook: Webhook) -> None:
        self._connection.execute(insert(WebhookRow).values(**vars(webhook)))

    def rotate_secret(self, webhook_id: UUID, secret: str, *, earlier_until: datetime) -> bool:
        return self._change(
            WebhookRow.id == webhook_id,
            earlier_secret=WebhookRow.secret,
            earlier_until=earlier_until,
            secret=secret,
        )

    def disable(self, webhook_id: UUID, *, at: datetime, by: str) -> bool:
        still_open = (WebhookRow.id == webhook_id, WebhookRow.disabled_at.is_(None))
        return self._change(*still_open, disabled_at=at, disabled_by=by)

    def enable(self, webhook_id: UUID) -> bool:
        closed = (WebhookRow.id == webhook_id, WebhookRow.disabled_at.is_not(None))
        return self._change(*closed, disabled_at=None, disabled_by=None, failing_since=None, trouble="")

    def failed(self, webhook_id: UUID, *, at: datetime, trouble: str) -> datetime | None:
        since = func.coalesce(WebhookRow.failing_since, at)
        noted = (
            update(WebhookRow)
            .where(WebhookRow.id == webhook_id, WebhookRow.disabled_at.is_(None))
            .values(failing_since=since, trouble=trouble)
            .returning(WebhookRow.failing_since)
        )
        return self._connection.execute(noted).scalar_one_or_none()

    def recovered(self, webhook_id: UUID, *, still_since: datetime | None) -> None:
        well = {} if still_since else {"trouble": ""}
        self._change(WebhookRow.id == webhook_id, failing_since=still_since, **well)

    def hurry(self, webhook_id: UUID, *, now: datetime, beyond: datetime, limit: int) -> int:
        late = (
            select(OutboxTable.id)
            .where(*WAITING, _lanes_of(webhook_id), OutboxTable.due_at > beyond)
            .limit(limit)
        )
        hurried = update(OutboxTable).where(OutboxTable.id.in_(late)).values(due_at=now)
        return self._connection.execute(hurried).rowcount

    def event(self, event_id: UUID) -> WebhookEvent | None:
        found = select(*EVENT_COLUMNS).where(WebhookEventRow.id == event_id)
        row = self._connection.execute(found).one_or_none()
        return _event(*row) if row else None

    def turn_at(self, since: datetime) -> int | None:
        first = select(func.min(WebhookEventRow.turn)).where(WebhookEventRow.at >= since)
        return self._connection.execute(first).scalar_one()

    def first_missed(self, webhook: Webhook) -> WebhookEvent | None:
        since = webhook.failing_since or webhook.disabled_at
        given_up = select(func.min(OutboxTable.turn)).where(
            OutboxTable.settled_at >= since, OutboxTable.outcome != Outcome.SENT, _lanes_of(webhook.id)
        )
        never_tried = select(func.min(WebhookEventRow.turn)).where(WebhookEventRow.at >= webhook.disabled_at)
        turns = [self._connection.execute(first).scalar_one() for first in (given_up, never_tried)]
        missed = [turn for turn in turns if turn is not None]
        return next(iter(self.events_from(min(missed), 1)), None) if missed else None

    def events_from(self, turn: int, limit: int) -> Sequence[WebhookEvent]:
        page = select(*EVENT_COLUMNS).where(WebhookEventRow.turn >= turn)
        rows = self._connection.execute(page.order_by(WebhookEventRow.turn).limit(limit))
        return [_event(*row) for row in rows]

    def queue(self, webhook: Webhook, events: Sequence[WebhookEvent], *, at: datetime) -> int:
        wanted = [event for event in events if webhook.wants(event.type)]
        if not wanted:
            return 0
        statement = (
            upsert(self._connection)(OutboxTable)
            .on_conflict_do_nothing(index_elements=["lane", "turn"], index_where=text(WAITING_IN_LANE))
            .returning(OutboxTable.id)
        )
        added = self._connection.execute(statement, [_row(webhook, event, at) for event in wanted])
        return len(added.all())

    def waiting(self, webhook_id: UUID | None = None) -> tuple[int, datetime | None]:
        counted = select(func.count(), func.min(OutboxTable.created_at)).where(*WAITING)
        if webhook_id is not None:
            counted = counted.where(_lanes_of(webhook_id))
        count, since = self._connection.execute(counted).one()
        return count, since

    def purge(self, before: datetime) -> int:
        over = delete(OutboxTable).where(OutboxTable.settled_at < before, OutboxTable.lane.is_not(None))
        self._connection.execute(over)
        return self._connection.execute(delete(WebhookEventRow).where(WebhookEventRow.at < before)).rowcount

    def _change(self, *conditions: ColumnElement[bool], **values: Any) -> bool:
        changed = update(WebhookRow).where(*conditions).values(**values)
        return self._connection.execute(changed).rowcount == 1


def _lanes_of(webhook_id: UUID) -> ColumnElement[bool]:
    first = lane(webhook_id, UUID(int=0)).partition("/")[0]
    return and_(OutboxTable.lane >= f"{first}/", OutboxTable.lane < f"{first}0")  # 0 follows upon /


def _row(webhook: Webhook, event: WebhookEvent, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "letter": WEBHOOK,
        "address": "",
        "canonical": "",
        "context": {"webhook": str(webhook.id), "event": str(event.id)},
        "priority": int(Priority.WEBHOOK),
        "due_at": at,
        "fence": 0,
        "attempts": 0,
        "answer": "",
        "created_at": at,
        "expires_at": at + KEEP_EVENTS,
        "lane": lane(webhook.id, event.user_id),
        "turn": event.turn,
    }


def _event(*values: Any) -> WebhookEvent:
    event = WebhookEvent(*values)
    return WebhookEvent(**vars(event) | {"type": WebhookType(event.type)})
