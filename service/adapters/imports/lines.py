"""The lines of a text file as they come: numbered, in UTF-8, of a length that fits in memory."""

from collections.abc import Iterator
from typing import BinaryIO

from service.core.errors import FieldError
from service.core.imports import Refused, Unreadable

LONGEST = 64 * 1024  # bytes
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
TOO_LONG = FieldError("line", "line_too_long", "This line is longer than 64 KiB.")
BAD_UTF8 = FieldError(
    "line", "invalid_utf8", "This is not UTF-8. Export it in UTF-8, or convert it with iconv."
)


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Give each line with its number; None for one that is too long, whose rest is skipped."""
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM)
            if line.startswith(UTF_16):
                raise Unreadable("This is UTF-16. Save it as CSV in UTF-8, or convert it with iconv.")
        if len(line) <= LONGEST:
            yield number, line
            continue
        while not line.endswith(b"\n") and (line := stream.readline(LONGEST)):
            pass
        yield number, None


def refused(number: int, error: FieldError) -> Refused:
    return Refused.because(error, number)
