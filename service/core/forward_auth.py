"""What a proxy hears about the visitor of a page it guards: who it is, and whether a role lets them in."""

from collections.abc import Collection
from urllib.parse import quote

from service.core.session_check import CheckedUser
from service.core.values import User

PATH = "/forward-auth"
# What stands for itself in a header: ASCII that can be seen, and the space. The percent sign begins what does not.
PLAIN = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


def identity(user: User | CheckedUser) -> list[tuple[str, str]]:
    """Return the headers that say who is signed in. All are always there, so that none can come from elsewhere.

    An address counts as the reader's when its mailbox is proven; others are left out.
    """
    return [
        ("Remote-User", str(user.id)),
        ("Remote-Email", header_text(user.email if user.email and user.email_verified else "")),
        ("Remote-Name", header_text(user.name or "")),
        ("Remote-Roles", header_text(",".join(user.roles))),
    ]


def header_text(text: str) -> str:
    """Write a text for a header: everything but plain ASCII, and `%` itself, as percent-encoded UTF-8.

    So two texts never look alike, none can end the header, and each proxy and server passes it on unchanged.
    """
    if text.isascii() and text.isprintable() and "%" not in text:
        return text
    return quote(text, safe=PLAIN, errors="replace")


def lets_in(user: User | CheckedUser, roles: Collection[str]) -> bool:
    """Return whether one of `roles` is the visitor's; where none is asked for, everybody signed in may enter."""
    return not roles or any(role in user.roles for role in roles)
