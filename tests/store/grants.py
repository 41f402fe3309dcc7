"""Rows of the OpenID provider, as repositories take them."""

from service.core.openid import AccessToken, Client, ClientAuth, Grant, RefreshToken
from service.core.values import Session, digest, new_id
from service.store.unit_of_work import SqlUnitOfWork
from tests.store.conftest import HOUR, NOW


def a_client(name: str = "client") -> Client:
    return Client(name, "A client", NOW, ClientAuth.SECRET)


def a_grant(session: Session, client: Client, code: str = "code") -> Grant:
    """A grant given in a session, its code not redeemed."""
    return Grant(
        id=new_id(),
        client_id=client.id,
        user_id=session.user_id,
        session_id=session.id,
        epoch=session.epoch,
        scopes=("openid",),
        auth_time=NOW,
        amr=("pwd",),
        redirect_uri="https://client.example/",
        challenge="x" * 43,
        nonce=None,
        code_hash=digest(code),
        code_expires_at=NOW + HOUR,
        redeemed_at=None,
        created_at=NOW,
        expires_at=NOW + HOUR,
    )


def add_tokens(uow: SqlUnitOfWork, grant: Grant, secret: str) -> None:
    """A refresh and an access token of a grant."""
    uow.grants.add_refresh_token(RefreshToken(digest(f"refresh {secret}"), grant.id, NOW, NOW + HOUR))
    token = AccessToken(new_id(), grant.client_id, grant.id, grant.scopes, ("us",), NOW, NOW + HOUR)
    uow.access_tokens.add(token, digest(f"access {secret}"))
