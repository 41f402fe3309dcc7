"""Everything held on one reader: to show it to them, and to erase it.

Both stand side by side so that a new table is thought of twice; a test compares them with the schema.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Executable, delete, or_, select, update

from service.core.values import User, digest
from service.core.webhooks import LEASED, lane
from service.store.schema import (
    AuditRow,
    DeviceRow,
    EmailUndoRow,
    GuessRow,
    IdentityRow,
    PendingIdentityRow,
    SessionRow,
    SignupRow,
    UserRow,
)
from service.store.schema_directory import AnswerRow
from service.store.schema_mail import MailEventRow, OutboxTable, SuppressionRow
from service.store.schema_openid import AccessTokenRow, ConsentRow, GrantRow, RefreshTokenRow
from service.store.schema_second_factors import (
    AuthenticatorAppRow,
    CeremonyRow,
    PasskeyRow,
    RecoveryCodeRow,
    SecondStepRow,
)
from service.store.schema_webhooks import WebhookEventRow, WebhookRow
from service.store.webhooks import WAITING

SHOWN_OF_USER = (
    *(UserRow.id, UserRow.email, UserRow.email_verified_at, UserRow.name, UserRow.locale, UserRow.roles),
    *(UserRow.disabled_at, UserRow.erases_at, UserRow.created_at, UserRow.updated_at),
)
SHOWN_OF_IDENTITY = (
    *(IdentityRow.provider, IdentityRow.issuer, IdentityRow.subject, IdentityRow.email),
    *(IdentityRow.created_at, IdentityRow.last_used_at),
)
SHOWN_OF_SESSION = (
    *(SessionRow.id, SessionRow.amr, SessionRow.remember, SessionRow.ip, SessionRow.agent),
    *(SessionRow.auth_time, SessionRow.created_at, SessionRow.last_seen_at, SessionRow.expires_at),
)
SHOWN_OF_STEP = (SecondStepRow.amr, SecondStepRow.expires_at)
SHOWN_OF_APP = (AuthenticatorAppRow.created_at, AuthenticatorAppRow.confirmed_at)
SHOWN_OF_CODE = (RecoveryCodeRow.created_at,)
SHOWN_OF_PASSKEY = (
    *(PasskeyRow.name, PasskeyRow.synced, PasskeyRow.sign_count),
    *(PasskeyRow.created_at, PasskeyRow.last_used_at, PasskeyRow.copied_at),
)
SHOWN_OF_CEREMONY = (CeremonyRow.expires_at,)
SHOWN_OF_DEVICE = (DeviceRow.created_at, DeviceRow.last_used_at)
SHOWN_OF_UNDO = (EmailUndoRow.email, EmailUndoRow.changed_at, EmailUndoRow.expires_at)
SHOWN_OF_LETTER = (
    *(OutboxTable.letter, OutboxTable.address, OutboxTable.created_at, OutboxTable.settled_at),
    *(OutboxTable.outcome, OutboxTable.answer),
)
SHOWN_OF_NEWS = (MailEventRow.at, MailEventRow.kind, MailEventRow.canonical, MailEventRow.detail)
SHOWN_OF_SUPPRESSION = (
    *(SuppressionRow.canonical, SuppressionRow.reason, SuppressionRow.source),
    *(SuppressionRow.since, SuppressionRow.expires_at, SuppressionRow.detail),
)
SHOWN_OF_CONSENT = (ConsentRow.client_id, ConsentRow.scopes, ConsentRow.granted_at)
SHOWN_OF_GRANT = (
    *(GrantRow.client_id, GrantRow.scopes, GrantRow.auth_time, GrantRow.created_at, GrantRow.expires_at),
    *(GrantRow.redeemed_at,),
)
SHOWN_OF_REFRESH = (GrantRow.client_id, RefreshTokenRow.created_at, RefreshTokenRow.used_at)
SHOWN_OF_ACCESS = (AccessTokenRow.client_id, AccessTokenRow.issued_at, AccessTokenRow.expires_at)
SHOWN_OF_ANSWER = (AnswerRow.client_id, AnswerRow.created_at, AnswerRow.expires_at, AnswerRow.body)
SHOWN_OF_TOLD = (WebhookEventRow.at, WebhookEventRow.type, WebhookEventRow.data)
STAFF_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # services are named by their names
SHOWN_OF_EVENT = (AuditRow.at, AuditRow.kind, AuditRow.ip, AuditRow.agent, AuditRow.data)


class HoldingsRepository:
    """What there is about a reader, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, user: User) -> dict[str, Any]:
        consent = user.newsletter
        (account,) = self._rows(select(*SHOWN_OF_USER).where(UserRow.id == user.id))
        return {
            "account": account | {"has_password": user.has_password},
            "newsletter": {"at": consent.at, "ip": consent.ip, "wording": consent.wording}
            if consent
            else None,
            "identities": self._rows(select(*SHOWN_OF_IDENTITY).where(IdentityRow.user_id == user.id)),
            "sessions": self._rows(select(*SHOWN_OF_SESSION).where(SessionRow.user_id == user.id)),
            "devices": self._rows(select(*SHOWN_OF_DEVICE).where(DeviceRow.user_id == user.id)),
            "earlier_addresses": self._rows(select(*SHOWN_OF_UNDO).where(EmailUndoRow.user_id == user.id)),
            **self._of_factors(user.id),
            **self._of_clients(user.id),
            "letters": self._rows(
                select(*SHOWN_OF_LETTER).where(_letters_of(user)).order_by(OutboxTable.created_at)
            ),
            "news_of_letters": self._rows(
                select(*SHOWN_OF_NEWS).where(_news_of(user)).order_by(MailEventRow.at)
            ),
            "suppressions": self._rows(
                select(*SHOWN_OF_SUPPRESSION).where(SuppressionRow.canonical == user.canonical)
            ),
            "told_to_services": self._rows(
                select(*SHOWN_OF_TOLD)
                .where(WebhookEventRow.user_id == user.id)
                .order_by(WebhookEventRow.turn)
            ),
            "events": [
                _without_staff(event)
                for event in self._rows(
                    select(*SHOWN_OF_EVENT).where(AuditRow.user_id == user.id).order_by(AuditRow.at)
                )
            ],
        }

    def _of_factors(self, user_id: UUID) -> dict[str, Any]:
        """What the reader can show beside a password."""
        mine = {
            "second_steps": (SHOWN_OF_STEP, SecondStepRow.user_id),
            "authenticator_apps": (SHOWN_OF_APP, AuthenticatorAppRow.user_id),
            "recovery_codes": (SHOWN_OF_CODE, RecoveryCodeRow.user_id),
            "passkeys": (SHOWN_OF_PASSKEY, PasskeyRow.user_id),
            "passkey_ceremonies": (SHOWN_OF_CEREMONY, CeremonyRow.user_id),
        }
        return {
            kind: self._rows(select(*shown).where(owner == user_id)) for kind, (shown, owner) in mine.items()
        }

    def _of_clients(self, user_id: UUID) -> dict[str, Any]:
        """What other services were told, and may still ask."""
        granted = GrantRow.user_id == user_id
        refresh = select(*SHOWN_OF_REFRESH).join(GrantRow, GrantRow.id == RefreshTokenRow.grant_id)
        access = select(*SHOWN_OF_ACCESS).join(GrantRow, GrantRow.id == AccessTokenRow.grant_id)
        return {
            "consents": self._rows(select(*SHOWN_OF_CONSENT).where(ConsentRow.user_id == user_id)),
            "grants": self._rows(select(*SHOWN_OF_GRANT).where(granted)),
            "refresh_tokens": self._rows(refresh.where(granted)),
            "access_tokens": self._rows(access.where(granted)),
            "answers": self._rows(select(*SHOWN_OF_ANSWER).where(AnswerRow.user_id == user_id)),
        }

    def plan_erasure(self, user_id: UUID, *, erases_at: datetime, if_epoch: int) -> bool:
        planned = self._connection.execute(
            update(UserRow)
            .where(UserRow.id == user_id, UserRow.credential_epoch == if_epoch)
            .values(
                erases_at=erases_at,
                credential_epoch=UserRow.credential_epoch + 1,
                reset_letter=None,
                login_letter=None,
                email_letter=None,
            )
        )
        return planned.rowcount == 1

    def keep(self, user_id: UUID) -> bool:
        kept = update(UserRow).where(UserRow.id == user_id, UserRow.erases_at.is_not(None))
        return self._connection.execute(kept.values(erases_at=None)).rowcount == 1

    def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        due = select(UserRow.id).where(UserRow.erases_at <= now).order_by(UserRow.erases_at).limit(limit)
        return self._connection.execute(due).scalars().all()

    def begin_erasure(self, user: User, now: datetime) -> bool:
        due = update(UserRow).where(UserRow.id == user.id, UserRow.erases_at <= now)
        if self._connection.execute(due.values(updated_at=now)).rowcount != 1:
            return False
        self._connection.execute(delete(OutboxTable).where(_letters_of(user)))
        self._connection.execute(delete(MailEventRow).where(_news_of(user)))
        self._forget_what_services_hear(user, now)
        self._connection.execute(delete(SignupRow).where(SignupRow.canonical == user.canonical))
        if user.canonical is not None:
            self._connection.execute(delete(GuessRow).where(GuessRow.address_hash == digest(user.canonical)))
        self._connection.execute(
            delete(PendingIdentityRow).where(PendingIdentityRow.canonical == user.canonical)
        )
        self._connection.execute(
            update(AuditRow).where(AuditRow.user_id == user.id).values(ip="", agent="", data={})
        )
        return True

    def finish_erasure(self, user: User) -> None:
        # that an address gets no letters outlives the account, or the last letter would go to it
        # sessions, devices, identities, factors, earlier addresses, grants, consents and answers have ON DELETE CASCADE
        self._connection.execute(delete(UserRow).where(UserRow.id == user.id))

    def _forget_what_services_hear(self, user: User, now: datetime) -> None:
        """Take back what waits to be told, and what could be told again; that the account is gone is told after.

        What may be on its way keeps its place in the queue, so that the end is told behind it. It holds nothing of
        the reader, and without its event it is not sent again.
        """
        webhooks = self._connection.execute(select(WebhookRow.id)).scalars().all()
        lanes = [lane(webhook_id, user.id) for webhook_id in webhooks]
        in_nobodys_hands = or_(OutboxTable.attempts == 0, OutboxTable.due_at > now + LEASED)
        taken_back = delete(OutboxTable).where(OutboxTable.lane.in_(lanes), *WAITING, in_nobodys_hands)
        self._connection.execute(taken_back)
        self._connection.execute(delete(WebhookEventRow).where(WebhookEventRow.user_id == user.id))

    def _rows(self, query: Executable) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(query).mappings()]


def _without_staff(event: dict[str, Any]) -> dict[str, Any]:
    """What staff did or looked at, without who of them it was, and from where: that is theirs."""
    by = event["data"].get("by", "")
    if not STAFF_ID.fullmatch(by):
        return event
    return event | {"ip": "", "agent": "", "data": event["data"] | {"by": "staff"}}


def _letters_of(user: User) -> ColumnElement[bool]:
    return or_(OutboxTable.canonical == user.canonical, OutboxTable.user_id == user.id)


def _news_of(user: User) -> ColumnElement[bool]:
    return or_(MailEventRow.canonical == user.canonical, MailEventRow.user_id == user.id)
