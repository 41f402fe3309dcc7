"""Tables: CSV (RFC 4180) as spreadsheets, databases and WP-CLI write it, and what `mysql --batch` prints."""

import csv
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from service.adapters.imports.export import Record
from service.adapters.imports.lines import BAD_UTF8, LONGEST, TOO_LONG, lines, refused
from service.core.errors import FieldError
from service.core.imports import Refused, Unreadable

COLUMNS = FieldError("line", "wrong_columns", "This row has not as many columns as the first one.")
QUOTES = (
    "The quotes in line %(first)d to %(last)d do not match. Quotes within a field are doubled, and a field with"
    " quotes is quoted as a whole."
)
SHOWN = 40  # characters of the name of a column
LONGEST_RECORD = 1024 * 1024  # bytes; where quotes do not match, one might go on to the end of the file


def table(
    *, needs: tuple[str, ...], knows: tuple[str, ...] = (), strict: bool = False
) -> Callable[[BinaryIO], Iterator[Record | Refused]]:
    """Read a table whose first line names its columns, in any case and order.

    `needs` must be there. Others are ignored; a `strict` table has none but `needs` and `knows`.
    """

    def read(stream: BinaryIO) -> Iterator[Record | Refused]:
        source = _Lines(stream)
        names, delimiter = _header(source)
        _require(names, needs, (*needs, *knows) if strict else None)
        plain = delimiter == "\t"  # mysql --batch quotes nothing
        rows = csv.reader(
            source, delimiter=delimiter, strict=True, quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL
        )
        while True:
            first = source.begin()
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error:
                text = QUOTES
                error = FieldError("line", "invalid_csv", text, (("first", first), ("last", source.number)))
                yield refused(first, error)
                continue
            problem = source.problem(cells)
            if problem is None and cells and len(cells) != len(names):
                problem = COLUMNS
            if problem:
                yield refused(first, problem)
            elif cells:
                yield first, _record(names, cells, plain=plain)

    return read


class _Lines:
    """Text for the CSV reader, which decides where a record ends; what is wrong with it is told at its end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = lines(stream)
        self._too_long = False
        self._bytes = 0
        self.number = 0

    def begin(self) -> int:
        """Begin a record, and return the number of its first line."""
        self._bytes = 0
        return self.number + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if line is None:
            self._too_long = True
            return "\n"
        self._bytes += len(line)
        if self._bytes > LONGEST_RECORD:
            raise csv.Error("this record does not end")
        return line.decode("utf-8", "surrogateescape")

    def problem(self, cells: list[str]) -> FieldError | None:
        too_long, self._too_long = self._too_long, False
        if too_long:
            return TOO_LONG
        try:
            "".join(cells).encode()
        except UnicodeEncodeError:
            return BAD_UTF8
        return None


def _header(source: _Lines) -> tuple[list[str], str]:
    first = next(source, "")
    if not first.strip():
        raise Unreadable("There is nothing in the first line, which names the columns.")
    delimiter = max(",;\t", key=first.count)
    try:
        cells = next(csv.reader([first], delimiter=delimiter, strict=True))
    except csv.Error:
        raise Unreadable("The first line, which names the columns, cannot be read as CSV.") from None
    return [cell.strip().lower() for cell in cells], delimiter


def _require(names: list[str], needs: tuple[str, ...], only: tuple[str, ...] | None) -> None:
    missing = [name for name in needs if name not in names]
    if missing:
        raise Unreadable(f"Columns that are missing: {', '.join(missing)}. Here are: {_shown(names)}.")
    if len(set(names)) < len(names):
        raise Unreadable("Two columns have the same name.")
    unknown = [name for name in names if only is not None and name not in only]
    if unknown:
        raise Unreadable(f"Columns nobody knows: {_shown(unknown)}. Known are: {', '.join(only or ())}.")


def _shown(names: list[str]) -> str:
    return ", ".join(name[:SHOWN].encode("unicode_escape").decode() for name in names[:SHOWN])


def _record(names: list[str], cells: list[str], *, plain: bool) -> Mapping[str, str]:
    if plain:
        cells = ["" if cell == "NULL" else cell for cell in cells]
    return dict(zip(names, cells, strict=True))


assert csv.field_size_limit() >= LONGEST
