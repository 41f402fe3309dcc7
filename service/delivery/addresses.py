"""Addresses as they go over the wire: ASCII, the domain as A-labels (RFC 5890)."""

from email.utils import formataddr, parseaddr
from functools import lru_cache

from service.core.addresses import parse_own_address


def wire_address(address: str) -> str:
    """Return an address in ASCII. Raises `ValidationFailed` for what is not exactly one address.

    A row somebody wrote into the database by hand ends here, before any server hears of it.
    """
    parsed = parse_own_address(address)
    local, _, _ = parsed.email.rpartition("@")
    return f"{local}@{parsed.canonical.rpartition('@')[2]}"


def wire_mailbox(written: str) -> str:
    """Return `Name <address>` with its address in ASCII."""
    name, address = parseaddr(written)
    return formataddr((name, address if address.isascii() else wire_address(address)))


@lru_cache(maxsize=64)
def domain_of(mailbox: str) -> str:
    """Return the domain of `Name <address>`."""
    return parseaddr(mailbox)[1].rpartition("@")[2]
