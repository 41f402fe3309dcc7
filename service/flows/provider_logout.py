"""Signing out across services: a client sends the reader here for it, and clients are told of every sign-out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from service.core.openid import Client
from service.core.ports import Clock, Store
from service.core.values import new_id
from service.flows.access import seconds
from service.flows.clients import Clients
from service.flows.sessions import SignedIn
from service.flows.signing_keys import SigningKeys

ID_TOKEN = "JWT"
LOGOUT_TOKEN = "logout+jwt"
LOGOUT_TOKEN_LIFETIME = timedelta(minutes=2)
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class LogoutWish:
    """What a client asks for. `redirect_uri` is one it registered; `subject` and `grant` come from its ID token."""

    client: Client | None = None
    redirect_uri: str | None = None
    subject: str | None = None
    grant: UUID | None = None

    def settled_for(self, here: SignedIn | None) -> bool:
        """Whether nobody needs to be asked: the client holds an ID token of this very reader."""
        return self.subject is not None and (here is None or str(here.user.id) == self.subject)


@dataclass(frozen=True)
class ProviderLogout:
    """RP-initiated and back-channel logout (OpenID Connect). `issuer` is the service's own address."""

    store: Store
    clock: Clock
    keys: SigningKeys
    clients: Clients
    issuer: str

    def read(self, *, hint: str | None, client_id: str | None, redirect_uri: str | None) -> LogoutWish:
        """Return what may be done of what is asked; what is not right is left out, never guessed."""
        claims = self.keys.read(hint, kind=ID_TOKEN) if hint else None
        if claims is None or claims.get("iss") != self.issuer:
            claims = {}
        named = claims.get("aud", client_id)
        client = self.clients.open(named) if named else None
        if client is None or (hint and not claims) or (client_id and client_id != client.id):
            return LogoutWish()
        registered = redirect_uri if redirect_uri in client.post_logout_redirect_uris else None
        grant = UUID(claims["sid"]) if claims else None
        return LogoutWish(client, registered, claims.get("sub"), grant)

    def end_grant(self, wish: LogoutWish) -> None:
        """End what the client itself holds, whichever browser it came from."""
        if wish.grant is not None:
            with self.store.write() as uow:
                uow.grants.drop(wish.grant)

    def logout_token(self, *, client_id: str, subject: str, grant: str) -> tuple[str, str] | None:
        """Return where a client is told, and the signed word; None for a client that is not told any more."""
        client = self.clients.open(client_id)
        if client is None or client.backchannel_logout_uri is None:
            return None
        now = self.clock()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": client.id,
            "iat": seconds(now),
            "exp": seconds(now + LOGOUT_TOKEN_LIFETIME),
            "jti": str(new_id()),
            "sub": subject,
            "sid": grant,
            "events": {EVENT: {}},
        }
        return client.backchannel_logout_uri, self.keys.pen().sign(claims, kind=LOGOUT_TOKEN)
