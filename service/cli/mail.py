"""`flask mail`: does mail leave, what became of it, and who gets none."""

import json
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from service.adapters.bounces import MOST_BYTES, NotABounce, read_bounce
from service.cli.context import STAFF, masthead, refusals_as_messages
from service.cli.mail_preview import preview
from service.core.errors import Unavailable
from service.core.mail_events import Suppression

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: mail servers keep the bounce and call once more


@click.group()
def mail() -> None:
    """Letters and the addresses that get none."""


mail.add_command(preview)


@mail.command()
@click.argument("address")
def test(address: str) -> None:
    """Send a test letter by every transport and print what each server answers."""
    with refusals_as_messages():
        refused = 0
        for tried in masthead().trial.send(address):
            refused += not tried.accepted
            click.echo(f"{'ok    ' if tried.accepted else 'BROKEN'}  {tried.way}  {tried.answer}")
    sys.exit(1 if refused else 0)


@mail.command()
@click.argument("address")
@click.option("--json", "json_wanted", is_flag=True, help="Print it as JSON.")
def timeline(address: str, json_wanted: bool) -> None:
    """Show what became of every letter to an address."""
    with refusals_as_messages():
        found = masthead().flows.mail_timeline.of_address(address)
    if json_wanted:
        click.echo(json.dumps(asdict(found), default=_plain))
        return
    if found.suppression:
        click.echo(f"This address gets no letters: {_sentence(found.suppression)}")
    if not found.entries:
        click.echo("No letter to this address is on record.")
    for entry in found.entries:
        line = f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.what:<14}  {entry.letter:<18}  {entry.detail}"
        click.echo(line.rstrip())


@mail.command()
@click.argument("address")
@click.option("--reason", default="", help="Why, for whoever asks later.")
def suppress(address: str, reason: str) -> None:
    """Write to an address no more, until staff say otherwise."""
    with refusals_as_messages():
        suppression = masthead().flows.suppressions.suppress(address, STAFF, detail=reason)
    click.echo(f"{suppression.canonical} gets no letters any more.")


@mail.command()
@click.argument("address")
def unsuppress(address: str) -> None:
    """Write to an address again."""
    with refusals_as_messages():
        lifted = masthead().flows.suppressions.unsuppress(address, STAFF)
    click.echo(f"{address} gets letters again." if lifted else f"{address} was not on the list.")


@mail.command()
@click.option("--json", "json_wanted", is_flag=True, help="Print the list as JSON.")
def suppressions(json_wanted: bool) -> None:
    """List the addresses that get no letters."""
    with refusals_as_messages():
        found = masthead().flows.suppressions.all()
    if json_wanted:
        click.echo(json.dumps([asdict(suppression) for suppression in found], default=_plain))
        return
    for suppression in found:
        click.echo(f"{suppression.canonical}  {_sentence(suppression)}")


@mail.command()
@click.option("--recipient", default="", help="What the mail server got as recipient: ${original_recipient}.")
def bounce(recipient: str) -> None:
    """Take a bounce from standard input, as a mail server pipes it in."""
    service = masthead()
    if service.bounces is None:
        raise click.ClickException(
            "AUTH_MAIL_BOUNCE_ADDRESS is not set: bounces cannot prove what they are about"
        )
    try:
        report = read_bounce(sys.stdin.buffer.read(MOST_BYTES), service.bounces, recipient)
        news = service.flows.suppressions.report([report])
    except NotABounce as why:
        click.echo(f"Ignored: {why}.")
    except Unavailable:
        click.echo("The database is away: try again later.", err=True)
        sys.exit(TRY_AGAIN)
    else:
        click.echo(f"Taken: {report.kind}, letter {report.row_id}." if news else "Known already.")


def _sentence(suppression: Suppression) -> str:
    until = f", until {suppression.expires_at:%Y-%m-%d}" if suppression.expires_at else ""
    detail = f": {suppression.detail}" if suppression.detail else ""
    return f"{suppression.reason} since {suppression.since:%Y-%m-%d}{until} ({suppression.source}){detail}"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
