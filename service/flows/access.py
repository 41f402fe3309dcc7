"""Access tokens: JWTs by RFC 9068 for whoever checks a signature, rows for us, so that they can be ended at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.core.openid import READER_SCOPES, AccessToken, Caller, Client, Grant
from service.core.ports import Clock, Store, UnitOfWork
from service.core.service_errors import InsufficientScope, InvalidAccessToken
from service.core.values import digest, new_id
from service.flows.signing_keys import Pen, SigningKeys

LIFETIME = timedelta(minutes=10)
KIND = "at+jwt"
LONGEST = 4096


class ScopeRefused(Exception):
    """A client asks for more than it was registered with."""


@dataclass(frozen=True)
class Access:
    """Give out, look up and end. `issuer` is the service's own address, and the audience of its own API."""

    store: Store
    clock: Clock
    keys: SigningKeys
    issuer: str

    def for_client(self, client: Client, requested: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Return a token a client uses in its own name, and its scopes. Raises `ScopeRefused`."""
        own = tuple(scope for scope in client.scopes if scope not in READER_SCOPES)
        if not set(requested) <= set(own):
            raise ScopeRefused
        scopes = requested or own
        pen = self.keys.pen()
        with self.store.write() as uow:
            return self.issue(uow, pen, client, scopes), scopes

    def issue(
        self, uow: UnitOfWork, pen: Pen, client: Client, scopes: tuple[str, ...], grant: Grant | None = None
    ) -> str:
        """Sign a token, for a reader's grant or for the client itself, and keep its hash."""
        now = self.clock().replace(microsecond=0)
        audience = tuple(dict.fromkeys((self.issuer, client.id, *client.audiences)))
        token = AccessToken(
            id=new_id(),
            client_id=client.id,
            grant_id=grant.id if grant else None,
            scopes=scopes,
            audience=audience,
            issued_at=now,
            expires_at=now + LIFETIME,
        )
        signed = pen.sign(self._claims(token, grant), kind=KIND)
        uow.access_tokens.add(token, digest(signed))
        return signed

    def caller(self, token: str) -> Caller | None:
        """Who is behind a token; None for one that is not good, or not any more."""
        if len(token) > LONGEST:
            return None
        return self.store.calling(digest(token), self.clock())

    def require(self, token: str, scope: str) -> Caller:
        """Who calls our own API. Raises `InvalidAccessToken` and `InsufficientScope`."""
        caller = self.caller(token)
        if caller is None or self.issuer not in caller.token.audience:
            raise InvalidAccessToken
        if scope not in caller.scopes:
            raise InsufficientScope(scope)
        return caller

    def revoke(self, token: str, client: Client) -> bool:
        """End one of a client's own tokens."""
        with self.store.write() as uow:
            return uow.access_tokens.drop(digest(token), client_id=client.id)

    def _claims(self, token: AccessToken, grant: Grant | None) -> dict[str, Any]:
        claims = {
            "iss": self.issuer,
            "sub": str(grant.user_id) if grant else token.client_id,
            "aud": list(token.audience),
            "client_id": token.client_id,
            "scope": " ".join(token.scopes),
            "jti": str(token.id),
            "iat": seconds(token.issued_at),
            "exp": seconds(token.expires_at),
        }
        if grant is not None:
            claims |= {"auth_time": seconds(grant.auth_time), "amr": list(grant.amr), "sid": str(grant.id)}
        return claims


def seconds(instant: datetime) -> int:
    """An instant as tokens tell it (NumericDate, RFC 7519)."""
    return int(instant.timestamp())
