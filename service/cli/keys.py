"""`flask keys`: what the OpenID provider signs tokens with."""

import json
from datetime import datetime

import click

from service.cli.context import STAFF, masthead, refusals_as_messages


@click.group()
def keys() -> None:
    """Token signing keys of the OpenID provider."""


@keys.command()
@click.option(
    "--now", "at_once", is_flag=True, help="Sign with it at once: the present key is not safe any more."
)
def rotate(*, at_once: bool) -> None:
    """Publish the next key. It signs an hour from now, when everybody has had time to fetch it."""
    with refusals_as_messages():
        key = masthead().flows.signing_keys.rotate(at_once=at_once, visit=STAFF, by="staff")
    click.echo(f"{key.kid}  signs from {_written(key.active_at)}")


@keys.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="Print them as JSON.")
def list_keys(*, json_wanted: bool) -> None:
    """Show the keys that are published, the newest first."""
    with refusals_as_messages():
        known = masthead().flows.signing_keys.list()
    described = [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "state": str(state),
            "published_at": _written(key.published_at),
            "active_at": _written(key.active_at),
        }
        for key, state in known
    ]
    if json_wanted:
        click.echo(json.dumps(described))
        return
    for key in described:
        click.echo(f"{key['kid']}  {key['state']:<8}  signs from {key['active_at']}")


def _written(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
