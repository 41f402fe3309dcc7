"""Tokens a provider hands out without a browser: ID tokens of apps and One Tap, security events."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from service.fake_provider import Issuer, Kind
from service.fake_provider.authorization import AuthorizationRequest
from service.fake_provider.issuer import Json
from tests.support.forged_tokens import Key, token
from tests.support.hostile_issuer import HostileIssuer

NONCE = "the-nonce-of-the-app"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
OAUTH_EVENT = "https://schemas.openid.net/secevent/oauth/event-type/"
EventsAs = Literal["string", "object", "array"]


@dataclass(frozen=True)
class Forgery:
    """How a token is made wrong: header fields, another key or algorithm, claims left out."""

    header: Mapping[str, Any] = field(default_factory=dict)
    key: Key | Literal["own"] = "own"
    algorithm: str | None = None
    drop: Iterable[str] = ()


class TokenMint:
    """Makes tokens of one issuer: good ones, and such as only look good."""

    issuer: HostileIssuer

    def id_token(
        self,
        *,
        header: Mapping[str, Any] | None = None,
        key: Key | Literal["own"] = "own",
        algorithm: str | None = None,
        drop: Iterable[str] = (),
        **claims: Any,
    ) -> str:
        """An ID token of `person` as apps and One Tap get it, good but for what is asked otherwise.

        It carries `nonce=NONCE`. `key=` is an RSA or EC private key, or bytes for HMAC; without one HS256 uses the
        client's secret, and none no key.
        """
        scope = frozenset({"openid", "email", "profile", "name"})
        asked = AuthorizationRequest("", scope, "", NONCE, "", form_post=False, offline=False)
        good = Issuer.claims(self.issuer, self.issuer.person, asked, "")
        good.pop("at_hash")
        return self._token(good | claims, Forgery(header or {}, key, algorithm, drop))

    def event_token(
        self,
        event: str,
        *,
        details: Mapping[str, Any] | None = None,
        events_as: EventsAs = "string",
        header: Mapping[str, Any] | None = None,
        key: Key | Literal["own"] = "own",
        algorithm: str | None = None,
        drop: Iterable[str] = (),
        **claims: Any,
    ) -> str:
        """An event about `person`: Apple's `consent-revoked`, or Google's `sessions-revoked` and the like.

        `details` go into the event, `reason="hijacking"` for example. `events_as` is Apple's alone.
        """
        now = int(self.issuer.clock().timestamp())
        events = self._apple_event(event, now, details or {}) if self.issuer.kind is Kind.APPLE else None
        good: Json = {
            "iss": self.issuer.url if events else f"{self.issuer.url}/",
            "aud": self.issuer.client.client_id,
            "iat": now,
            "jti": str(uuid.uuid4()),
            "events": _spelled(events, events_as) if events else self._risc_event(event, details or {}),
        }
        return self._token(good | claims, Forgery(header or {}, key, algorithm, drop))

    def event_request(self, event_token: str) -> dict[str, Any]:
        """How the provider posts an event: `client.post("/events/apple", **apple.event_request(token))`."""
        if self.issuer.kind is Kind.APPLE:
            return {"json": {"payload": event_token}}
        return {"data": event_token, "content_type": "application/secevent+jwt"}

    def _token(self, claims: Json, forgery: Forgery) -> str:
        algorithm = {"alg": forgery.algorithm} if forgery.algorithm else {}
        header = self.issuer.header() | algorithm | dict(forgery.header)
        key = self.issuer.key_for(header) if forgery.key == "own" else forgery.key
        dropped = set(forgery.drop)
        return token(header, {name: claims[name] for name in claims if name not in dropped}, key)

    def _apple_event(self, event: str, now: int, details: Mapping[str, Any]) -> Json:
        about = {"type": event, "sub": self.issuer.person.subject, "event_time": now * 1000}
        if event.startswith("email-"):
            about |= {"email": self.issuer.person.email, "is_private_email": "true"}
        return about | dict(details)

    def _risc_event(self, event: str, details: Mapping[str, Any]) -> Json:
        kind = OAUTH_EVENT if event.startswith("token") else RISC
        if event == "verification":
            return {kind + event: dict(details)}
        subject = {"subject_type": "iss-sub", "iss": f"{self.issuer.url}/", "sub": self.issuer.person.subject}
        return {kind + event: {"subject": subject} | dict(details)}


def _spelled(event: Json, events_as: EventsAs) -> Any:
    if events_as == "string":
        return json.dumps(event)
    return [event] if events_as == "array" else event
