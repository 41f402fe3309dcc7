"""Services that may ask who a reader is: registered by staff, known again by their secret."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import Any

from service.core.client_rules import (
    NotRegistrable,
    accept_grants,
    accept_redirect_uri,
    accept_scopes,
    accept_target,
)
from service.core.errors import NotFound
from service.core.openid import ROTATION_OVERLAP, Client, ClientAuth
from service.core.ports import Clock, Store, Throttles
from service.core.throttles import Rule
from service.core.values import Visit, digest, new_secret

LONGEST_NAME = 80
NOBODYS = digest("nobody's")


@dataclass(frozen=True)
class ClientDetails:
    """What staff say of a client when they register it."""

    name: str
    redirect_uris: Sequence[str] = ()
    post_logout_redirect_uris: Sequence[str] = ()
    scopes: Sequence[str] = ()
    grants: Sequence[str] = ()
    audiences: Sequence[str] = ()
    public: bool = False
    first_party: bool = False
    backchannel_logout_uri: str | None = None
    jwks: dict[str, Any] | None = None


@dataclass(frozen=True)
class Clients:
    """Register, rotate, disable, recognise. `plain_http` lets clients be told of sign-outs without TLS, in tests."""

    store: Store
    clock: Clock
    throttles: Throttles
    plain_http: bool

    def create(self, details: ClientDetails, visit: Visit) -> tuple[Client, str | None]:
        """Register a client; its secret is told this once. Raises `NotRegistrable`."""
        client = self._accepted(details, self.clock())
        secret = new_secret() if client.auth is ClientAuth.SECRET else None
        if secret is not None:
            client = replace(client, secret_hash=digest(secret))
        with self.store.write() as uow:
            uow.clients.add(client)
            uow.audit.record("client.created", at=client.created_at, visit=visit, client=client.id)
        return client, secret

    def list(self) -> Sequence[Client]:
        """All of them, the oldest first."""
        with self.store.read() as uow:
            return uow.clients.all()

    def rotate_secret(self, client_id: str, visit: Visit) -> str:
        """Give a client a new secret; the present one is good for another day. Raises `NotFound`."""
        secret, now = new_secret(), self.clock()
        with self.store.write() as uow:
            client = uow.clients.get(client_id)
            if client is None or client.auth is not ClientAuth.SECRET:
                raise NotFound
            if not uow.clients.rotate_secret(client_id, digest(secret), earlier_until=now + ROTATION_OVERLAP):
                raise NotFound
            uow.audit.record("client.secret_rotated", at=now, visit=visit, client=client_id)
        return secret

    def disable(self, client_id: str, visit: Visit, *, by: str = "staff") -> Client:
        """Close a client; its tokens and grants end at once. Raises `NotFound`."""
        with self.store.write() as uow:
            if uow.clients.get(client_id) is None:
                raise NotFound
            if uow.clients.disable(client_id, at=self.clock()):
                uow.audit.record("client.disabled", at=self.clock(), visit=visit, client=client_id, by=by)
            found = uow.clients.get(client_id)
        if found is None:
            raise NotFound
        return found

    def open(self, client_id: str) -> Client | None:
        """A client that may ask, None for an unknown or a disabled one."""
        if not client_id.isascii() or not client_id.isprintable():
            return None
        client = self.store.client(client_id, self.clock())
        return None if client is None or client.disabled else client

    def knows_secret(self, client: Client | None, secret: str) -> bool:
        """Compare, in the same time whoever it is."""
        presented = digest(secret)
        good = client.good_secrets(self.clock()) if client else ()
        matches = [hmac.compare_digest(presented, known) for known in good or (NOBODYS,)]
        return bool(good) and any(matches)

    def note_failure(self, client_id: str, visit: Visit) -> None:
        """Count a failed proof. Raises `RateLimited` after too many of one name from one network."""
        self.throttles.take(Rule.CLIENT_FAILURES, f"{visit.network}/{client_id[:100]}")

    def accept_assertion(self, client_id: str, jti: str, *, until: datetime) -> bool:
        """Note that a signed proof was used; False when it is not the first time."""
        with self.store.write() as uow:
            return uow.spent.add(digest(f"client/{client_id}/{jti}"), until=until)

    def _accepted(self, details: ClientDetails, now: datetime) -> Client:
        name = " ".join(details.name.split())
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise NotRegistrable(f"give a name of at most {LONGEST_NAME} characters")
        scopes = accept_scopes(details.scopes)
        auth = _way_of(details)
        backchannel = details.backchannel_logout_uri
        places = (*details.redirect_uris, *details.post_logout_redirect_uris)
        for uri in places:
            accept_redirect_uri(uri, public=auth is ClientAuth.NONE)
        if backchannel:
            accept_target(backchannel, plain_http=self.plain_http)
        return Client(
            id=token_hex(12),
            name=name,
            created_at=now,
            auth=auth,
            grants=accept_grants(
                details.grants, auth=auth, redirects=bool(details.redirect_uris), scopes=scopes
            ),
            scopes=scopes,
            redirect_uris=tuple(dict.fromkeys(details.redirect_uris)),
            post_logout_redirect_uris=tuple(dict.fromkeys(details.post_logout_redirect_uris)),
            audiences=tuple(dict.fromkeys(details.audiences)),
            first_party=details.first_party,
            backchannel_logout_uri=backchannel or None,
            jwks=details.jwks,
        )


def _way_of(details: ClientDetails) -> ClientAuth:
    if details.public and details.jwks is not None:
        raise NotRegistrable("a public client proves nothing, so it has no keys")
    if details.public:
        return ClientAuth.NONE
    return ClientAuth.PRIVATE_KEY if details.jwks is not None else ClientAuth.SECRET
