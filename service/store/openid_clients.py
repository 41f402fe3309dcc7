"""The services that ask who a reader is, what readers let them know, and the keys tokens are signed with."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.core.openid import Client, ClientAuth, Consent, SigningKey
from service.store.schema_openid import AccessTokenRow, ClientRow, ConsentRow, GrantRow, SigningKeyRow

# in the order of the fields of `Client`
CLIENT_COLUMNS = (
    *(ClientRow.id, ClientRow.name, ClientRow.created_at, ClientRow.auth, ClientRow.grants, ClientRow.scopes),
    *(ClientRow.redirect_uris, ClientRow.post_logout_redirect_uris, ClientRow.audiences),
    *(ClientRow.first_party, ClientRow.backchannel_logout_uri, ClientRow.jwks, ClientRow.secret_hash),
    *(ClientRow.earlier_secret_hash, ClientRow.earlier_secret_until, ClientRow.disabled_at),
)
KEY_COLUMNS = (
    *(SigningKeyRow.generation, SigningKeyRow.kid, SigningKeyRow.algorithm, SigningKeyRow.public),
    *(SigningKeyRow.private, SigningKeyRow.published_at, SigningKeyRow.active_at),
)
CONSENT_COLUMNS = (ConsentRow.user_id, ConsentRow.client_id, ConsentRow.scopes, ConsentRow.granted_at)
# written out once: every call of a client asks it
BY_ID = select(*CLIENT_COLUMNS).where(ClientRow.id == bindparam("client"))


class ClientRepository:
    """The clients, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, client_id: str) -> Client | None:
        row = self._connection.execute(BY_ID, {"client": client_id}).one_or_none()
        return client_of(*row) if row else None

    def all(self) -> Sequence[Client]:
        rows = self._connection.execute(select(*CLIENT_COLUMNS).order_by(ClientRow.created_at))
        return [client_of(*row) for row in rows]

    def add(self, client: Client) -> None:
        self._connection.execute(insert(ClientRow).values(**vars(client) | {"auth": str(client.auth)}))

    def rotate_secret(self, client_id: str, secret_hash: bytes, *, earlier_until: datetime) -> bool:
        rotated = (
            update(ClientRow)
            .where(ClientRow.id == client_id, ClientRow.disabled_at.is_(None))
            .values(
                earlier_secret_hash=ClientRow.secret_hash,
                earlier_secret_until=earlier_until,
                secret_hash=secret_hash,
            )
        )
        return self._connection.execute(rotated).rowcount == 1

    def disable(self, client_id: str, *, at: datetime) -> bool:
        closed = update(ClientRow).where(ClientRow.id == client_id, ClientRow.disabled_at.is_(None))
        if self._connection.execute(closed.values(disabled_at=at)).rowcount != 1:
            return False
        self._connection.execute(delete(AccessTokenRow).where(AccessTokenRow.client_id == client_id))
        self._connection.execute(delete(GrantRow).where(GrantRow.client_id == client_id))
        return True


class ConsentRepository:
    """What readers let third parties know, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, user_id: UUID, client_id: str) -> Consent | None:
        wanted = (ConsentRow.user_id == user_id, ConsentRow.client_id == client_id)
        row = self._connection.execute(select(*CONSENT_COLUMNS).where(*wanted)).one_or_none()
        return Consent(*row) if row else None

    def put(self, consent: Consent) -> None:
        statement = upsert(self._connection)(ConsentRow).values(**vars(consent))
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["user_id", "client_id"],
                set_={"scopes": consent.scopes, "granted_at": consent.granted_at},
            )
        )


class SigningKeyRepository:
    """The signing keys, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Sequence[SigningKey]:
        rows = self._connection.execute(select(*KEY_COLUMNS).order_by(SigningKeyRow.generation.desc()))
        return [SigningKey(*row) for row in rows]

    def add(self, key: SigningKey) -> bool:
        statement = upsert(self._connection)(SigningKeyRow).values(**vars(key))
        added = statement.on_conflict_do_nothing(index_elements=["generation"])
        return self._connection.execute(added.returning(SigningKeyRow.kid)).one_or_none() is not None

    def drop_before(self, generation: int) -> int:
        gone = delete(SigningKeyRow).where(SigningKeyRow.generation < generation)
        return self._connection.execute(gone).rowcount


def upsert(connection: Connection) -> Callable[..., Any]:
    """The database's own INSERT, which can do something else where the row is there already."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def client_of(*values: Any) -> Client:
    """A client from the values of its columns."""
    client = Client(*values)
    return replace(client, auth=ClientAuth(client.auth))
