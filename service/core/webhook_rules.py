"""Where events may be sent (OWASP, Server-Side Request Forgery Prevention). Looked at again when they are sent."""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from service.core.networks import is_local, is_public
from service.core.return_urls import SUSPICIOUS
from service.core.webhooks import WebhookType

LONGEST_URL = 2000
PORTS = frozenset({443, 8443})
PLAIN_PORTS = frozenset({80, 443, *range(1024, 65536)})  # for tests, whose receivers take what is free
NUMBER = re.compile(
    r"(0x[0-9a-f]*|[0-9]+)"
)  # a last label like that makes a host an IPv4 address (WHATWG URL)
NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
INTERNAL = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa")


class NotDeliverable(Exception):
    """Nothing is sent there; the text says why, to staff, and repeats no query."""


def accept_webhook_url(url: str, *, private: bool) -> str:
    """Return an address events are sent to: HTTPS, on the Internet, on a usual port, without a password.

    `private` lets it be this machine's, or a private network's, and plain HTTP, in development and tests.
    """
    parts = _parsed(url)
    if parts.scheme not in (("https", "http") if private else ("https",)):
        raise NotDeliverable("give an https address")
    if "@" in parts.netloc:
        raise NotDeliverable("leave user name and password out: every call is signed")
    usual = 443 if parts.scheme == "https" else 80
    if (usual if parts.port is None else parts.port) not in (PLAIN_PORTS if private else PORTS):
        raise NotDeliverable(f"port {parts.port}: leave it out, or give 443 or 8443")
    _accept_host(parts.hostname or "", private=private)
    return url


def accept_events(events: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of events, each once."""
    wanted = tuple(dict.fromkeys(events))
    unknown = [event for event in wanted if event not in tuple(WebhookType)]
    if unknown:
        raise NotDeliverable(f"{unknown[0]}: the events are {', '.join(WebhookType)}")
    return wanted


def _parsed(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not url.isascii() or SUSPICIOUS.search(url) or "#" in url:
        raise NotDeliverable("not an address, or one with a fragment")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises for what is no number
    except ValueError:
        raise NotDeliverable("not an address") from None
    return parts


def _accept_host(host: str, *, private: bool) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        _accept_name(host.removesuffix("."), private=private)
    else:
        if not is_public(host) and not (private and is_local(host)):
            raise NotDeliverable(f"{host} is in a private network")


def _accept_name(host: str, *, private: bool) -> None:
    if not NAME.fullmatch(host) or NUMBER.fullmatch(host.rpartition(".")[2]):
        raise NotDeliverable("give a host name, or an IP address in its usual form")
    internal = "." not in host or any(host == name or host.endswith(f".{name}") for name in INTERNAL)
    if internal and not private:
        raise NotDeliverable(f"{host} is a name of private networks")
