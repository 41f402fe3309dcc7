"""Signed messages of providers: Apple's server-to-server notifications, Google's security events (RFC 8417, RISC)."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from service.adapters.providers.id_tokens import LEEWAY, LONGEST_SUBJECT, Signatures
from service.core.errors import InvalidIdToken
from service.core.identities import EventKind, Notification, ProviderEvent
from service.core.service_errors import InvalidNotification

OLDEST = 7 * 86400  # seconds; providers try again for days, what they said is remembered for longer
LONGEST_JTI = 255
MOST_EVENTS = 20
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
OAUTH = "https://schemas.openid.net/secevent/oauth/event-type/"
RISC_KINDS = {
    f"{RISC}sessions-revoked": EventKind.SESSIONS_REVOKED,
    f"{OAUTH}tokens-revoked": EventKind.SESSIONS_REVOKED,
    f"{RISC}account-enabled": EventKind.RECOVERED,
}
DISABLED = f"{RISC}account-disabled"
APPLE_KINDS = {
    "email-disabled": EventKind.MAIL_DISABLED,
    "email-enabled": EventKind.MAIL_ENABLED,
    "consent-revoked": EventKind.CONSENT_REVOKED,
    "account-delete": EventKind.ACCOUNT_DELETED,
    "account-deleted": EventKind.ACCOUNT_DELETED,
}


def read_notification(
    signatures: Signatures,
    token: str,
    *,
    issuers: Collection[str],
    audiences: Collection[str],
    events: Callable[[Mapping[str, Any]], Iterator[ProviderEvent]],
) -> Notification:
    """Check signature, issuer, audience and age. Raises `InvalidNotification` and `ProviderUnavailable`."""
    try:
        claims = signatures.claims(token.strip())
    except InvalidIdToken as error:
        raise InvalidNotification from error
    jti, audience, issued = claims.get("jti"), claims.get("aud"), claims.get("iat")
    listed = audience if isinstance(audience, list) else [audience]
    now = time.time()
    if claims.get("iss") not in list(issuers) or not any(
        one in audiences for one in listed if isinstance(one, str)
    ):
        raise InvalidNotification
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise InvalidNotification
    if not isinstance(issued, int) or not now - OLDEST < issued <= now + LEEWAY:
        raise InvalidNotification
    return Notification(jti, tuple(events(claims)))


def apple_events(claims: Mapping[str, Any], issuer: str) -> Iterator[ProviderEvent]:
    """Read Apple's `events`: documented as JSON in a string, seen as an object and as an array."""
    told = claims.get("events")
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError) as error:
            raise InvalidNotification from error
    for one in (told if isinstance(told, list) else [told])[:MOST_EVENTS]:
        if not isinstance(one, dict) or not isinstance(one.get("sub"), str):
            raise InvalidNotification
        kind = APPLE_KINDS.get(str(one.get("type")), EventKind.NOTED)
        yield ProviderEvent(kind, issuer, _subject(one["sub"]))


def risc_events(claims: Mapping[str, Any], issuer: str) -> Iterator[ProviderEvent]:
    """Read the events of a security event token; those about no account (`verification`) are only noted."""
    told = claims.get("events")
    if not isinstance(told, dict) or len(told) > MOST_EVENTS:
        raise InvalidNotification
    for kind, payload in told.items():
        details = payload if isinstance(payload, dict) else {}
        subject = details.get("subject")
        about = subject.get("sub") if isinstance(subject, dict) else None
        yield ProviderEvent(_risc_kind(kind, details), issuer, _subject(about))


def _subject(told: object) -> str:
    """Whom an event is about; "", which is nobody, for what no ID token could hold."""
    good = isinstance(told, str) and len(told) <= LONGEST_SUBJECT and told.isprintable()
    return str(told) if good else ""


def _risc_kind(kind: str, payload: Mapping[str, Any]) -> EventKind:
    if kind == DISABLED:
        return EventKind.HIJACKED if payload.get("reason") == "hijacking" else EventKind.SESSIONS_REVOKED
    return RISC_KINDS.get(kind, EventKind.NOTED)
