"""Who is behind an access token, and which client asks: introspection, and our own API with every call."""

from datetime import datetime

from sqlalchemy import BindParameter, bindparam, or_, select

from service.core.openid import AccessToken, Caller, Client
from service.core.values import User
from service.store.kept_connections import KeptConnections
from service.store.openid_clients import BY_ID, client_of
from service.store.openid_grants import ACCESS_COLUMNS, standing
from service.store.schema import UserRow
from service.store.schema_openid import AccessTokenRow, ClientRow, GrantRow
from service.store.users import USER_COLUMNS
from service.store.written import Written

NOW: BindParameter[datetime] = bindparam("now")
CALLING = Written(
    select(*USER_COLUMNS, *ACCESS_COLUMNS)
    .select_from(AccessTokenRow)
    .join(ClientRow, ClientRow.id == AccessTokenRow.client_id)
    .outerjoin(GrantRow, GrantRow.id == AccessTokenRow.grant_id)
    .outerjoin(UserRow, UserRow.id == GrantRow.user_id)
    .where(
        AccessTokenRow.token_hash == bindparam("token_hash"),
        AccessTokenRow.expires_at > NOW,
        ClientRow.disabled_at.is_(None),
        or_(AccessTokenRow.grant_id.is_(None), standing(NOW)),
    )
)
CLIENT = Written(BY_ID)


class AccessLookup:
    """Look access tokens up, with the account they are for, and the clients that ask."""

    def __init__(self, connections: KeptConnections) -> None:
        self._connections = connections

    def find(self, token_hash: bytes, now: datetime) -> Caller | None:
        """Return who calls, None for a token that is not good. Raises `Unavailable`."""
        values = self._connections.one(CALLING, token_hash=token_hash, now=now)
        if values is None:
            return None
        user = User(*values[: len(USER_COLUMNS)]) if values[0] is not None else None
        return Caller(AccessToken(*values[len(USER_COLUMNS) :]), user)

    def client(self, client_id: str, now: datetime) -> Client | None:
        """Return a client, whatever its state. Raises `Unavailable`."""
        values = self._connections.one(CLIENT, client=client_id)
        return client_of(*values) if values else None
