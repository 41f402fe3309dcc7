"""What staff pages say of people and events: chosen field by field, so that no template meets a hash or a token."""

import re
from collections.abc import Mapping
from typing import Any

from service.core.devices import UNKNOWN, describe_device
from service.core.directory import AuditEvent
from service.core.identities import Identity
from service.core.second_factors import Passkey
from service.core.values import Session, User
from service.flows.mail_timeline import Timeline
from service.flows.staff_desk import Account

LONGEST_AGENT = 80
STAFF_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # others are named, or "staff"


def account(shown: Account, labels: Mapping[str, str]) -> dict[str, Any]:
    """Everything of one account's page."""
    return {
        "user": person(shown.user),
        "identities": [identity(one, labels) for one in shown.identities],
        "app_since": shown.app_since,
        "recovery_codes": shown.recovery_codes,
        "passkeys": [passkey(one) for one in shown.passkeys],
        "sessions": [session(one) for one in shown.sessions],
        "mail": timeline(shown.mail),
        "events": [event(one) for one in shown.events],
    }


def person(user: User) -> dict[str, Any]:
    """Who an account belongs to."""
    return {
        "id": str(user.id),
        "email": user.email,
        "email_verified": user.email_verified,
        "name": user.name,
        "locale": user.locale,
        "roles": user.roles,
        "has_password": user.has_password,
        "created_at": user.created_at,
        "disabled_at": user.disabled_at,
        "erases_at": user.erases_at,
    }


def identity(one: Identity, labels: Mapping[str, str]) -> dict[str, Any]:
    """An account elsewhere."""
    return {
        "label": labels.get(one.provider, one.provider),
        "email": one.email,
        "created_at": one.created_at,
        "last_used_at": one.last_used_at,
        "blocked_at": one.blocked_at,
    }


def passkey(one: Passkey) -> dict[str, Any]:
    """A passkey, by the name its reader gave it."""
    return {
        "name": one.name,
        "created_at": one.created_at,
        "last_used_at": one.last_used_at,
        "copied_at": one.copied_at,
    }


def session(one: Session) -> dict[str, Any]:
    """A signed-in browser."""
    return {
        "id": str(one.id),
        "device": _device(one.agent),
        "ip": one.ip,
        "amr": one.amr,
        "created_at": one.created_at,
        "last_seen_at": one.last_seen_at,
    }


def timeline(shown: Timeline) -> dict[str, Any]:
    """What became of letters, the newest first."""
    return {
        "address": shown.address,
        "suppression": shown.suppression,
        "entries": list(reversed(shown.entries)),
    }


def event(one: AuditEvent) -> dict[str, Any]:
    """Something that happened; who did it, where that was not the reader, stands apart."""
    by = one.data.get("by")
    return {
        "at": one.at,
        "kind": one.kind,
        "user_id": str(one.user_id) if one.user_id else None,
        "ip": one.ip,
        "device": _device(one.agent),
        "by": by,
        "by_staff": by is not None and STAFF_ID.fullmatch(by) is not None,
        "data": {name: _written(value) for name, value in one.data.items() if name != "by"},
    }


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _device(agent: str) -> str:
    """The browser in a reader's words, or as it calls itself: of the command line and of services that is the name."""
    described = describe_device(agent)
    return agent[:LONGEST_AGENT] if described == UNKNOWN else described
