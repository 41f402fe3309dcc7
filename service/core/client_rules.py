"""What a client may be registered with (RFC 9700, section 2.1; RFC 8252 for apps)."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from service.core.openid import SERVICE_SCOPES, ClientAuth, GrantType
from service.core.return_urls import SUSPICIOUS

SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")
APP_SCHEME = re.compile(
    r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+"
)  # a name of the app's own, with a dot: RFC 8252, 7.1
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LONGEST_URI = 2000


class NotRegistrable(Exception):
    """A client cannot be like that; the text says why, to staff."""


def accept_redirect_uri(uri: str, *, public: bool) -> str:
    """Return a place codes may be sent to: HTTPS, HTTP on the app's own machine, or an app's own scheme."""
    parts = _parsed(uri)
    if parts.scheme == "https" and parts.hostname:
        return uri
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return uri
    if public and APP_SCHEME.fullmatch(parts.scheme):
        return uri
    raise NotRegistrable(f"{uri}: give an https address (http only for 127.0.0.1, [::1] and localhost)")


def accept_target(uri: str, *, plain_http: bool) -> str:
    """Return an address the service itself will call."""
    parts = _parsed(uri)
    if parts.hostname and (parts.scheme == "https" or (plain_http and parts.scheme == "http")):
        return uri
    raise NotRegistrable(f"{uri}: give an https address")


def accept_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes, each once."""
    wanted = tuple(dict.fromkeys(scopes))
    wrong = [scope for scope in wanted if not SCOPE.fullmatch(scope)]
    if wrong:
        raise NotRegistrable(f"{wrong[0]!r} is no scope")
    return wanted


def accept_grants(
    grants: Iterable[str], *, auth: ClientAuth, redirects: bool, scopes: tuple[str, ...]
) -> tuple[str, ...]:
    """Return how the client may come by tokens; by default what its redirect addresses suggest."""
    wanted = tuple(dict.fromkeys(grants)) or _usual_grants(redirects=redirects)
    unknown = [grant for grant in wanted if grant not in tuple(GrantType)]
    if unknown:
        raise NotRegistrable(f"{unknown[0]}: the grants are {', '.join(GrantType)}")
    if GrantType.AUTHORIZATION_CODE in wanted and not redirects:
        raise NotRegistrable("authorization_code needs a redirect address")
    if GrantType.CLIENT_CREDENTIALS in wanted and auth is ClientAuth.NONE:
        raise NotRegistrable("a public client has no credentials to get tokens with")
    if set(scopes) & set(SERVICE_SCOPES) and GrantType.CLIENT_CREDENTIALS not in wanted:
        raise NotRegistrable(
            f"{', '.join(SERVICE_SCOPES)} are for services: add the grant client_credentials"
        )
    return wanted


def _usual_grants(*, redirects: bool) -> tuple[str, ...]:
    if redirects:
        return (GrantType.AUTHORIZATION_CODE.value, GrantType.REFRESH_TOKEN.value)
    return (GrantType.CLIENT_CREDENTIALS.value,)


def _parsed(uri: str) -> SplitResult:
    if len(uri) > LONGEST_URI or not uri.isascii() or SUSPICIOUS.search(uri) or "#" in uri:
        raise NotRegistrable(f"{uri!r}: not an address, or one with a fragment")
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  # raises for what is no number
    except ValueError:
        raise NotRegistrable(f"{uri}: not an address") from None
    if "@" in parts.netloc:
        raise NotRegistrable(f"{uri}: leave user name and password out")
    return parts
