"""JSON: a document read piece by piece, or a record on each line."""

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import ijson

from service.adapters.imports.export import Record
from service.adapters.imports.lines import BAD_UTF8, BOM, TOO_LONG, lines, refused
from service.core.errors import FieldError
from service.core.imports import Refused, Unreadable

NO_JSON = FieldError("line", "invalid_json", "This line is not valid JSON.")
NO_OBJECT = FieldError("line", "invalid_json", "This is not a JSON object.")
DEEPEST = 100  # objects and lists within each other
LONGEST_TEXT = 64 * 1024 * 1024  # bytes; exports of sites have whole pages in them


def document(path: str) -> Callable[[BinaryIO], Iterator[Record | Refused]]:
    """Read the objects at a path such as `db.item.data.users.item`, without the rest of the document."""

    def read(stream: BinaryIO) -> Iterator[Record | Refused]:
        if stream.peek(len(BOM)).startswith(BOM):  # type: ignore[attr-defined]
            stream.read(len(BOM))
        number = 0
        try:
            events = ijson.parse(_bounded(stream))
            for number, found in enumerate(ijson.items(events, path), 1):
                yield (number, found) if isinstance(found, dict) else refused(number, NO_OBJECT)
        except (ijson.JSONError, UnicodeDecodeError):
            raise Unreadable(f"The JSON is broken or breaks off after record {number}.") from None

    return read


def _bounded(stream: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Read a document's events, none of which needs more memory than there is for it.

    What reads them keeps the path to each, so depth costs its square.
    """
    parts, depth = _Parts(stream), 0
    for event in ijson.basic_parse(parts, use_float=True):
        parts.since = 0
        if event[0] in ("start_map", "start_array"):
            depth += 1
            if depth > DEEPEST:
                raise Unreadable(f"The JSON has more than {DEEPEST} objects and lists within each other.")
        elif event[0] in ("end_map", "end_array"):
            depth -= 1
        yield event


class _Parts:
    """A stream that gives up when `since` tells that nothing has come of what was read for long."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.since = 0

    def read(self, most: int) -> bytes:
        self.since += most
        if self.since > LONGEST_TEXT:
            raise Unreadable("The JSON has a text of more than 64 MiB.")
        return self._stream.read(most)


def json_lines(stream: BinaryIO) -> Iterator[Record | Refused]:
    """Read a JSON object from each line; empty lines are none."""
    for number, line in lines(stream):
        if line is None:
            yield refused(number, TOO_LONG)
        elif line.strip():
            yield _parsed(number, line)


def _parsed(number: int, line: bytes) -> Record | Refused:
    try:
        found = json.loads(line.decode())
    except UnicodeDecodeError:
        return refused(number, BAD_UTF8)
    except (ValueError, RecursionError):
        return refused(number, NO_JSON)
    return (number, found) if isinstance(found, dict) else refused(number, NO_OBJECT)
