"""`flask users import`: readers come along from another system, with their passwords."""

import io
import json
import logging
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click

from service.adapters.imports import SOURCES
from service.adapters.imports.firebase import FirebaseExport
from service.cli.context import STAFF, masthead, refusals_as_messages
from service.core.imports import Refused, Source
from service.flows.imports import Tally, Terms

AUDIT_LOG = logging.getLogger("service.store.audit")
STDIN = "-"
CHUNK = 64 * 1024
AT_FIREBASE = FirebaseExport()
WORDS = {
    "rows": "read",
    "made": "new accounts",
    "without_password": "of them without a password",
    "already_here": "already here by an import",
    "refused": "refused",
}


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--from", "source", required=True, type=click.Choice(list(SOURCES)), help="What has exported it."
)
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would happen.")
@click.option("--verified", is_flag=True, help="Take addresses as proven where the export does not say.")
@click.option(
    "--without-unknown-passwords", is_flag=True, help="Take accounts whose hash is unknown without it."
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Where to list what is refused."
)
@click.option(
    "--firebase-rounds", default=AT_FIREBASE.rounds, show_default=True, help="The project's rounds."
)
@click.option("--firebase-mem-cost", default=AT_FIREBASE.mem_cost, show_default=True, help="Its mem_cost.")
@click.option(
    "--firebase-salt-separator", default=AT_FIREBASE.salt_separator, show_default=True, help="In base64."
)
@click.option("--json", "json_wanted", is_flag=True, help="Print the summary as JSON.")
def import_accounts(
    *,
    file: str,
    source: str,
    dry_run: bool,
    verified: bool,
    without_unknown_passwords: bool,
    report: Path | None,
    firebase_rounds: int,
    firebase_mem_cost: int,
    firebase_salt_separator: str,
    json_wanted: bool,
) -> None:
    """Make accounts of an export; - reads standard input. Nobody is written to.

    Accounts that are here stay as they are, so it can be run again. What is refused, and why, is listed in the report:
    FILE.report.jsonl, unless another is named. See docs/imports.md.
    """
    terms = Terms(
        source, verified=verified, without_unknown_passwords=without_unknown_passwords, dry_run=dry_run
    )
    exported: Source = SOURCES[source]
    if source == "firebase":
        exported = FirebaseExport(firebase_rounds, firebase_mem_cost, firebase_salt_separator)
    place = report or Path("import.report.jsonl" if file == STDIN else f"{file}.report.jsonl")
    if file != STDIN and place.exists() and place.samefile(file):
        raise click.UsageError("The report would overwrite the export.")
    with refusals_as_messages(), opened(file) as stream, _private(place) as listed, _quiet():
        tally = masthead().flows.imports.run(exported.read(stream), terms, STAFF, tell=_listing(listed))
    _tell(tally, place, dry_run=dry_run, json_wanted=json_wanted)


class Counted(io.RawIOBase):
    """A stream that tells how many bytes are read of it."""

    def __init__(self, inner: io.BufferedIOBase, read: Callable[[int], object]) -> None:
        self._inner = inner
        self._read = read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        found = self._inner.read1(len(buffer))
        buffer[: len(found)] = found
        self._read(len(found))
        return len(found)


@contextmanager
def opened(file: str) -> Iterator[io.BufferedReader]:
    """The export, with a bar on a terminal that moves as it is read."""
    with click.open_file(file, "rb") as inner:
        size = 0 if file == STDIN else Path(file).stat().st_size
        shown = size > 0 and sys.stderr.isatty()
        with click.progressbar(length=size, label="Importing", file=sys.stderr, hidden=not shown) as bar:
            yield io.BufferedReader(Counted(inner, bar.update), CHUNK)  # type: ignore[arg-type]


@contextmanager
def _private(place: Path) -> Iterator[TextIO]:
    """The report, made anew: it has addresses, so it is for its owner alone.

    What another user has put there, a file or a link, is not written to; a pipe or /dev/null stays as it is.
    """
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | _no_links(place), 0o600)
    except OSError as trouble:
        raise click.ClickException(f"The report cannot be written: {trouble}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as listed:
        there = os.fstat(descriptor)
        if stat.S_ISREG(there.st_mode):
            if there.st_uid != os.geteuid():
                raise click.ClickException(f"The report cannot be written: {place} is another user's.")
            os.fchmod(descriptor, 0o600)
            os.ftruncate(descriptor, 0)
        yield listed


def _no_links(place: Path) -> int:
    """Follow no link that another user may have put there; /dev/stdout is one of the system's."""
    return 0 if str(place.parent) in ("/dev", "/dev/fd") else os.O_NOFOLLOW


@contextmanager
def _quiet() -> Iterator[None]:
    """No log line for each account, in the midst of the bar; the audit trail has them all."""
    level = AUDIT_LOG.level
    AUDIT_LOG.setLevel(logging.WARNING)
    try:
        yield
    finally:
        AUDIT_LOG.setLevel(level)


def _listing(listed: TextIO) -> Callable[[Refused], None]:
    def tell(refused: Refused) -> None:
        listed.write(json.dumps(asdict(refused)) + "\n")

    return tell


def _tell(tally: Tally, place: Path, *, dry_run: bool, json_wanted: bool) -> None:
    if json_wanted:
        click.echo(json.dumps({**asdict(tally), "dry_run": dry_run, "report": str(place)}))
    else:
        for name, words in WORDS.items():
            click.echo(f"{getattr(tally, name):>9}  {words}")
        if tally.refused:
            click.echo(f"What was refused, and why: {place}")
        if dry_run:
            click.echo("Nothing was changed: this was a dry run.")
    if tally.broken:
        raise click.ClickException(tally.broken)
    if not tally.rows:
        raise click.ClickException("There is no account in it.")
