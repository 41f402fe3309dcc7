"""What readers have granted to clients, and the tokens that came of it. Tokens are found by their SHA-256."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, insert, or_, select, update

from service.core.openid import AccessToken, Grant, RefreshToken
from service.store.schema import SessionRow, UserRow
from service.store.schema_openid import AccessTokenRow, ClientRow, GrantRow, RefreshTokenRow

# in the order of the fields of `Grant`, `RefreshToken` and `AccessToken`
GRANT_COLUMNS = (
    *(GrantRow.id, GrantRow.client_id, GrantRow.user_id, GrantRow.session_id, GrantRow.epoch),
    *(GrantRow.scopes, GrantRow.auth_time, GrantRow.amr, GrantRow.redirect_uri, GrantRow.challenge),
    *(GrantRow.nonce, GrantRow.code_hash, GrantRow.code_expires_at, GrantRow.redeemed_at),
    *(GrantRow.created_at, GrantRow.expires_at),
)
REFRESH_COLUMNS = (
    *(RefreshTokenRow.token_hash, RefreshTokenRow.grant_id, RefreshTokenRow.created_at),
    *(RefreshTokenRow.expires_at, RefreshTokenRow.used_at),
)
ACCESS_COLUMNS = (
    *(AccessTokenRow.id, AccessTokenRow.client_id, AccessTokenRow.grant_id, AccessTokenRow.scopes),
    *(AccessTokenRow.audience, AccessTokenRow.issued_at, AccessTokenRow.expires_at),
)


def standing(now: Any) -> ColumnElement[bool]:
    """What stands behind a grant: time left, its account's present epoch, an open account, its session.

    A session that ran out by itself has let its grants go (`session_id` is NULL); one that was ended has not.
    """
    session = exists().where(SessionRow.id == GrantRow.session_id)
    return and_(
        GrantRow.expires_at > now,
        GrantRow.epoch == UserRow.credential_epoch,
        UserRow.disabled_at.is_(None),
        or_(GrantRow.session_id.is_(None), session),
    )


# written out once: building a statement costs more than running it
ADD_GRANT, ADD_REFRESH, ADD_ACCESS = insert(GrantRow), insert(RefreshTokenRow), insert(AccessTokenRow)
ALIVE = (
    select(*GRANT_COLUMNS)
    .join(UserRow, UserRow.id == GrantRow.user_id)
    .join(ClientRow, ClientRow.id == GrantRow.client_id)
    .where(GrantRow.id == bindparam("grant"), ClientRow.disabled_at.is_(None), standing(bindparam("now")))
)
BY_CODE = select(*GRANT_COLUMNS).where(GrantRow.code_hash == bindparam("code"))
REFRESH = select(*REFRESH_COLUMNS).where(RefreshTokenRow.token_hash == bindparam("token"))
USE_REFRESH = (
    update(RefreshTokenRow)
    .where(
        RefreshTokenRow.token_hash == bindparam("token"),
        RefreshTokenRow.used_at.is_(None),
        RefreshTokenRow.expires_at > bindparam("at"),
    )
    .values(used_at=bindparam("at"))
)


class GrantRepository:
    """Grants and their refresh tokens, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, grant: Grant) -> None:
        self._connection.execute(ADD_GRANT, vars(grant))

    def by_code(self, code_hash: bytes) -> Grant | None:
        row = self._connection.execute(BY_CODE, {"code": code_hash}).one_or_none()
        return Grant(*tuple(row)) if row else None

    def alive(self, grant_id: UUID, now: datetime) -> Grant | None:
        row = self._connection.execute(ALIVE, {"grant": grant_id, "now": now}).one_or_none()
        return Grant(*tuple(row)) if row else None

    def redeem(self, grant_id: UUID, *, at: datetime, expires_at: datetime) -> bool:
        redeemed = update(GrantRow).where(
            GrantRow.id == grant_id, GrantRow.redeemed_at.is_(None), GrantRow.code_expires_at > at
        )
        values = {"redeemed_at": at, "expires_at": expires_at}
        return self._connection.execute(redeemed.values(**values)).rowcount == 1

    def drop(self, grant_id: UUID) -> bool:
        return self._connection.execute(delete(GrantRow).where(GrantRow.id == grant_id)).rowcount == 1

    def add_refresh_token(self, token: RefreshToken) -> None:
        self._connection.execute(ADD_REFRESH, vars(token))

    def refresh_token(self, token_hash: bytes) -> RefreshToken | None:
        row = self._connection.execute(REFRESH, {"token": token_hash}).one_or_none()
        return RefreshToken(*row) if row else None

    def use_refresh_token(self, token_hash: bytes, *, at: datetime) -> bool:
        return self._connection.execute(USE_REFRESH, {"token": token_hash, "at": at}).rowcount == 1

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(GrantRow).where(GrantRow.expires_at <= now)).rowcount


class AccessTokenRepository:
    """The access tokens that are out, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, token: AccessToken, token_hash: bytes) -> None:
        self._connection.execute(ADD_ACCESS, {**vars(token), "token_hash": token_hash})

    def drop(self, token_hash: bytes, *, client_id: str) -> bool:
        gone = delete(AccessTokenRow).where(
            AccessTokenRow.token_hash == token_hash, AccessTokenRow.client_id == client_id
        )
        return self._connection.execute(gone).rowcount == 1

    def purge(self, now: datetime) -> int:
        gone = delete(AccessTokenRow).where(AccessTokenRow.expires_at <= now)
        return self._connection.execute(gone).rowcount
