"""What people typed, made harmless for a letter before any template sees it.

Autoescaping keeps HTML out of the HTML part; mail programs, though, make links of anything that looks
like one, in either part. So every string of a letter's context is one line without invisible characters,
and loses what a link is recognised by. Only the values named below keep their form, and only if they have it.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

LINK_NAME = re.compile(r"(?:.+_)?(?:link|url)")
LINK = re.compile(r"(?:https?|mailto):[!#-;=?-Z\[\]_a-z~%]+")
ADDRESS_NAME = re.compile(r"(?:.+_)?(?:email|address)")
ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\/]+@[^\s<>@,;:\"()\[\]\\/]+")
# Control, format (zero-width, bidi, tags), surrogates, private use, unassigned
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters and marks nobody sees: Hangul fillers, an empty Braille pattern, selectors, a joiner
BLANK = frozenset("\u034f\u115f\u1160\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# What makes a link: a scheme's colon, the dot in a domain (IDNA knows four of them), the @ of an address
LINK_MARKS = re.compile(r":(?=[/\\])|[.\u2024\u3002\uff0e\uff61](?=[^\W\d_])|[@\uff20\ufe6b](?=\w)")


def harmless(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return a letter's context with every string in it made harmless.

    `link`, `url`, `email`, `address` and names ending in `_` and one of these keep a value that is one.
    """
    return {name: _harmless(name, value) for name, value in context.items()}


def one_line(text: str) -> str:
    """Return text without invisible characters, every run of blanks and line ends one space."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(character for character in text if character.isspace() or _is_seen(character))
    return " ".join(text.split())


def unlinked(text: str) -> str:
    """Return text a mail program sees no link in: "evil.example" becomes "evil. example"."""
    return LINK_MARKS.sub(lambda mark: f"{mark[0]} ", text)


def _is_seen(character: str) -> bool:
    return character not in BLANK and unicodedata.category(character) not in INVISIBLE


def _harmless(name: str, value: Any) -> Any:
    if isinstance(value, str):
        text = one_line(str(value))
        kept = (LINK_NAME.fullmatch(name) and LINK.fullmatch(text)) or (
            ADDRESS_NAME.fullmatch(name) and ADDRESS.fullmatch(text)
        )
        return text if kept else unlinked(text)
    if isinstance(value, Mapping):
        return harmless(value)
    if isinstance(value, list | tuple):
        return [_harmless(name, item) for item in value]
    if value is None or isinstance(value, int | float | date):
        return value
    return _harmless(name, str(value))
