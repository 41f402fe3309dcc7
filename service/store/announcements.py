"""What other services are to hear of a transaction: gathered while it runs, written at its end in the same commit.

Written last, an event gets its turn when the transaction holds all its locks, so that changes of one account which
wait for each other are told in the order they were made.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, exists, insert, select

from service.core.values import new_id
from service.core.webhooks import ANNOUNCED, FIELDS, TOLD, WebhookEvent, WebhookType
from service.store.schema import UserRow
from service.store.schema_webhooks import WebhookEventRow, WebhookRow
from service.store.webhooks import WebhookRepository

# goes along with a statement that is made anyway, so that where nobody listens listening costs nothing
SOMEBODY_LISTENS = exists(select(WebhookRow.id))
ADD_EVENTS = insert(WebhookEventRow).returning(WebhookEventRow.turn, sort_by_parameter_order=True)
BORN_FIRST, GONE_LAST = {WebhookType.USER_CREATED: -1}, {WebhookType.USER_DELETED: 1}


@dataclass(frozen=True)
class Note:
    """Something to tell of an account; what else is to be said is found at the end."""

    type: WebhookType
    user_id: UUID
    at: datetime | None
    data: dict[str, Any] = field(repr=False)


class Announcements:
    """The notes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._notes: list[Note] = []
        self.listened: bool | None = None

    def note(self, kind: WebhookType, user_id: UUID, *, at: datetime | None = None, **data: Any) -> None:
        self._notes.append(Note(kind, user_id, at, data))

    def concerns(self, kind: str) -> bool:
        """Whether an entry of the audit trail is, or comes with, something to tell."""
        return kind in ANNOUNCED or bool(self._notes)

    def note_audited(self, event: str, user_id: UUID, at: datetime, data: dict[str, Any]) -> None:
        """Tell of what the audit trail has just taken, as far as it is for others."""
        for kind in ANNOUNCED.get(event, ()):
            fields = data.get("fields", FIELDS.get(event)) if kind is WebhookType.USER_UPDATED else None
            self.note(kind, user_id, at=at, **({"fields": fields} if fields else {}))

    def write(self) -> None:
        """Keep the events somebody wants, and put a delivery to each webhook into the outbox."""
        notes, self._notes = self._notes, []
        if not notes or self.listened is False:
            return
        at = next((note.at for note in notes if note.at is not None), datetime.now(UTC))
        repository = WebhookRepository(self._connection)
        webhooks = [webhook for webhook in repository.all() if webhook.keeps_events(at)]
        wanted = [note for note in notes if any(webhook.wants(note.type) for webhook in webhooks)]
        if not wanted:
            return
        events = self._add(sorted(wanted, key=_place), at)
        for webhook in webhooks:
            if not webhook.disabled:
                repository.queue(webhook, events, at=at)

    def _add(self, notes: Sequence[Note], at: datetime) -> list[WebhookEvent]:
        facts = self._facts({note.user_id for note in notes if note.type in TOLD})
        drafts = [
            WebhookEvent(0, new_id(), note.type, note.user_id, note.at or at, _data(note, facts))
            for note in notes
        ]
        rows = [{name: value for name, value in vars(draft).items() if name != "turn"} for draft in drafts]
        turns = self._connection.execute(ADD_EVENTS, rows).scalars().all()
        return [
            WebhookEvent(**vars(draft) | {"turn": turn}) for draft, turn in zip(drafts, turns, strict=True)
        ]

    def _facts(self, user_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
        if not user_ids:
            return {}
        found = select(
            UserRow.id, UserRow.email, UserRow.email_verified_at, UserRow.locale, UserRow.roles
        ).where(UserRow.id.in_(user_ids))
        return {
            row.id: {
                "email": row.email,
                "email_verified": row.email_verified_at is not None,
                "locale": row.locale,
                "roles": list(row.roles),
            }
            for row in self._connection.execute(found)
        }


def _data(note: Note, facts: dict[UUID, dict[str, Any]]) -> dict[str, Any]:
    known = facts.get(note.user_id, {})
    told = {name: known[name] for name in TOLD.get(note.type, ()) if name in known}
    return {"user_id": str(note.user_id), **told, **note.data}


def _place(note: Note) -> int:
    """An account is told of before what happened to it, and its end after that."""
    return BORN_FIRST.get(note.type, 0) + GONE_LAST.get(note.type, 0)
