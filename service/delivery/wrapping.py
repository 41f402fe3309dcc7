"""Lines of a text letter, short enough for every mail program, in scripts with and without spaces between words.

Columns are what a terminal shows: an ideograph takes two. Links stay whole, whatever their length.
"""

import re
import unicodedata
from collections.abc import Iterator

COLUMNS = 72  # RFC 5322, 2.1.1 asks for at most 78; the rest is for the marks of a reply
WIDE = "FW"  # Unicode East Asian Width: full-width and wide
NEVER_FIRST = frozenset(
    "、。，．・：；？！）」』】〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々"
)  # JIS X 4051, abridged


def wrapped(text: str) -> str:
    """Return text with every line broken where it may be, at `COLUMNS` at most."""
    return "\n".join(line for written in text.splitlines() for line in _lines(written))


def columns(text: str) -> int:
    """How wide a text is shown."""
    if text.isascii():  # nearly all of what is asked, at a fiftieth of the cost
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in WIDE else 1
        for sign in text
    )


def _lines(written: str) -> Iterator[str]:
    if columns(written) <= COLUMNS:
        yield written
        return
    line = ""
    for piece in _pieces(written):
        if line.strip() and columns(line + piece) > COLUMNS:
            yield line.rstrip()
            line = piece.lstrip()
        else:
            line += piece
    yield line.rstrip()


def _pieces(written: str) -> Iterator[str]:
    """Words with the blanks before them; among ideographs, each with what must not begin a line after it."""
    for word in re.findall(r"\s*\S+", written):
        if word.isascii():
            yield word
            continue
        piece = ""
        for sign in word:
            wide = unicodedata.east_asian_width(sign) in WIDE
            if piece.strip() and wide and sign not in NEVER_FIRST:
                yield piece
                piece = ""
            piece += sign
        yield piece
