"""Codes and refresh tokens become tokens, each once; a second use means a thief, and ends the whole family."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.core.openid import Client, Grant, GrantType, RefreshToken
from service.core.ports import Clock, Store, UnitOfWork
from service.core.values import User, digest, new_secret
from service.flows.access import LIFETIME, Access, ScopeRefused
from service.flows.notices import GRANT_ENDED, tell
from service.flows.signing_keys import Pen

REFRESH_IDLE = timedelta(days=14)
REFRESH_ABSOLUTE = timedelta(days=30)


class GrantRefused(Exception):
    """The code or the refresh token is not good: unknown, over, used before, or somebody else's."""


@dataclass(frozen=True)
class Issued:
    """What a client gets."""

    access_token: str
    refresh_token: str | None
    scopes: tuple[str, ...]
    grant: Grant
    user: User


@dataclass(frozen=True)
class Grants:
    """What a code gave ends when it is used twice, with the session it was given in, and with every new epoch."""

    store: Store
    clock: Clock
    access: Access

    def by_code(self, code: str, client: Client) -> Grant | None:
        """The grant behind a client's code; one that was redeemed before is ended."""
        now = self.clock()
        with self.store.read() as uow:
            grant = uow.grants.by_code(digest(code))
        if grant is None or grant.client_id != client.id:
            return None
        if grant.redeemed_at is not None:
            with self.store.write() as uow:
                self._end(uow, grant, "grant.code_reused", at=now)
            return None
        return grant if grant.code_expires_at > now else None

    def redeem(self, grant: Grant, client: Client) -> Issued:
        """Exchange a code whose proofs were checked. Raises `GrantRefused` for all callers but one."""
        pen, now = self.access.keys.pen(), self.clock()
        lasting = GrantType.REFRESH_TOKEN in client.grants
        expires_at = now + (REFRESH_ABSOLUTE if lasting else LIFETIME)
        with self.store.write() as uow:
            user = uow.users.by_id(grant.user_id)
            standing = uow.grants.alive(grant.id, now)
            issued = None
            if user is None or standing is None:
                uow.grants.drop(grant.id)
            elif not uow.grants.redeem(grant.id, at=now, expires_at=expires_at):
                self._end(uow, grant, "grant.code_reused", at=now)
            else:
                refresh_token = self._refresh_token(uow, grant, now, expires_at) if lasting else None
                issued = self._issued(uow, pen, client, standing, user, grant.scopes, refresh_token)
        if issued is None:
            raise GrantRefused
        return issued

    def refresh(self, token: str, client: Client, requested: tuple[str, ...]) -> Issued:
        """Exchange a refresh token for new tokens, of narrower scope where that is asked for.

        Raises `GrantRefused` for all callers but one, and `ScopeRefused`.
        """
        pen, now = self.access.keys.pen(), self.clock()
        with self.store.write() as uow:
            kept = uow.grants.refresh_token(digest(token))
            grant = uow.grants.alive(kept.grant_id, now) if kept else None
            user = uow.users.by_id(grant.user_id) if grant else None
            issued = None
            if kept is not None and grant is not None and user is not None and grant.client_id == client.id:
                if not set(requested) <= set(grant.scopes):
                    raise ScopeRefused
                issued = self._rotated(uow, pen, client, kept, grant, user, requested or grant.scopes)
        if issued is None:
            raise GrantRefused
        return issued

    def about(self, token: str, client: Client) -> tuple[RefreshToken, Grant] | None:
        """What a client may know of its own refresh token that is still good."""
        now = self.clock()
        with self.store.read() as uow:
            kept = uow.grants.refresh_token(digest(token))
            grant = uow.grants.alive(kept.grant_id, now) if kept else None
        if kept is None or grant is None or grant.client_id != client.id:
            return None
        return (kept, grant) if kept.used_at is None and kept.expires_at > now else None

    def revoke(self, token: str, client: Client) -> bool:
        """End what a client's refresh token belongs to; False when it is none of the client's."""
        with self.store.write() as uow:
            kept = uow.grants.refresh_token(digest(token))
            grant = uow.grants.alive(kept.grant_id, self.clock()) if kept else None
            return grant is not None and grant.client_id == client.id and uow.grants.drop(grant.id)

    def _rotated(
        self,
        uow: UnitOfWork,
        pen: Pen,
        client: Client,
        kept: RefreshToken,
        grant: Grant,
        user: User,
        scopes: tuple[str, ...],
    ) -> Issued | None:
        now = self.clock()
        if kept.expires_at <= now:
            return None
        if kept.used_at is not None or not uow.grants.use_refresh_token(kept.token_hash, at=now):
            self._end(uow, grant, "grant.refresh_reused", at=now)
            tell(uow, user, GRANT_ENDED, at=now, visit=None, client=client.name)
            return None
        successor = self._refresh_token(uow, grant, now, grant.expires_at)
        return self._issued(uow, pen, client, grant, user, scopes, successor)

    def _issued(
        self,
        uow: UnitOfWork,
        pen: Pen,
        client: Client,
        grant: Grant,
        user: User,
        scopes: tuple[str, ...],
        refresh_token: str | None,
    ) -> Issued:
        access_token = self.access.issue(uow, pen, client, scopes, grant)
        return Issued(access_token, refresh_token, scopes, grant, user)

    @staticmethod
    def _refresh_token(uow: UnitOfWork, grant: Grant, now: datetime, until: datetime) -> str:
        secret = new_secret()
        expires_at = min(until, now + REFRESH_IDLE)
        uow.grants.add_refresh_token(RefreshToken(digest(secret), grant.id, now, expires_at))
        return secret

    @staticmethod
    def _end(uow: UnitOfWork, grant: Grant, why: str, *, at: datetime) -> None:
        if uow.grants.drop(grant.id):
            uow.audit.record(why, at=at, user_id=grant.user_id, client=grant.client_id)
