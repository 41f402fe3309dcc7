"""JSON: a document read piece by piece, or a record on each line."""

import json
from collections.abc import Callable, Iterator
from typing import BinaryIO

import ijson

from service.adapters.imports.export import Record
from service.adapters.imports.lines import BAD_UTF8, BOM, TOO_LONG, lines, refused
from service.core.errors import FieldError
from service.core.imports import Refused, Unreadable

NO_JSON = FieldError("line", "invalid_json", "This line is not valid JSON.")
NO_OBJECT = FieldError("line", "invalid_json", "This is not a JSON object.")


def document(path: str) -> Callable[[BinaryIO], Iterator[Record | Refused]]:
    """Read the objects at a path such as `db.item.data.users.item`, without the rest of the document."""

    def read(stream: BinaryIO) -> Iterator[Record | Refused]:
        if stream.peek(len(BOM)).startswith(BOM):  # type: ignore[attr-defined]
            stream.read(len(BOM))
        number = 0
        try:
            for number, found in enumerate(ijson.items(stream, path, use_float=True), 1):
                yield (number, found) if isinstance(found, dict) else refused(number, NO_OBJECT)
        except (ijson.JSONError, UnicodeDecodeError):
            raise Unreadable(f"The JSON is broken or breaks off after record {number}.") from None

    return read


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
