"""What differs between the providers we stand in for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Who is stood in for. `PLAIN` is any OpenID provider that keeps to the standards."""

    GOOGLE = "google"
    APPLE = "apple"
    PLAIN = "plain"


@dataclass(frozen=True)
class Traits:
    """The ways of one kind. Paths are below the issuer, by the name of the endpoint."""

    label: str
    paths: Mapping[str, str]
    scopes: tuple[str, ...]
    response_modes: tuple[str, ...]
    client_authentication: tuple[str, ...]
    cancelled: str  # the error a reader's "Cancel" is answered with
    names_itself: bool = False  # `iss` beside the code (RFC 9207)
    shows_mistakes: bool = True  # a mistaken request ends on a page of the provider, not at the client


DISCOVERY = "/.well-known/openid-configuration"
SECRETS = ("client_secret_basic", "client_secret_post")
STANDARD = {
    "discovery": DISCOVERY,
    "jwks": "/jwks",
    "authorize": "/authorize",
    "token": "/token",
    "userinfo": "/userinfo",
    "revoke": "/revoke",
}

TRAITS = {
    Kind.GOOGLE: Traits(
        label="Google",
        paths=STANDARD | {"risc": "/.well-known/risc-configuration"},
        scopes=("openid", "email", "profile"),
        response_modes=("query",),
        client_authentication=SECRETS,
        cancelled="access_denied",
    ),
    Kind.APPLE: Traits(
        label="Apple",
        paths={
            "discovery": DISCOVERY,
            "jwks": "/auth/keys",
            "authorize": "/auth/authorize",
            "token": "/auth/token",
            "revoke": "/auth/revoke",
        },
        scopes=("openid", "email", "name"),
        response_modes=("query", "form_post"),
        client_authentication=("client_secret_post",),
        cancelled="user_cancelled_authorize",
    ),
    Kind.PLAIN: Traits(
        label="Plain OpenID",
        paths=STANDARD,
        scopes=("openid", "email", "profile", "offline_access"),
        response_modes=("query",),
        client_authentication=SECRETS,
        cancelled="access_denied",
        names_itself=True,
        shows_mistakes=False,
    ),
}
