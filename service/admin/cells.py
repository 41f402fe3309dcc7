"""Comma-separated values that a spreadsheet shows and does not run (OWASP, CSV Injection)."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
AFTER_SEMICOLON = re.compile(r"""(;[\s"]*)(?=[=+\-@])""")


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe comes before what would begin one.

    Also after a semicolon: where the comma is for decimals, it is what parts cells.
    """
    text = AFTER_SEMICOLON.sub(r"\1'", text)
    return f"'{text}" if text.startswith(RUN_BY_SPREADSHEETS) else text


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table (RFC 4180), every cell in quotes."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    writer.writerows([cell(text) for text in row] for row in rows)
    return written.getvalue()
