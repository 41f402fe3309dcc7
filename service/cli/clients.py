"""`flask clients`: the services that may ask Masthead who a reader is."""

import json
from pathlib import Path
from typing import Any

import click

from service.cli.context import STAFF, masthead, refusals_as_messages
from service.core.client_rules import NotRegistrable
from service.core.openid import Client
from service.flows.clients import ClientDetails


@click.group()
def clients() -> None:
    """Services that ask who a reader is (OpenID Connect), or call the user API."""


@clients.command("create")
@click.option("--name", required=True, help="What readers know it by.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where readers come back to; exactly.")
@click.option("--post-logout-redirect-uri", "post_logout", multiple=True, help="Where to after signing out.")
@click.option("--scope", default="", help='What it may ask for, e.g. "openid profile email".')
@click.option(
    "--grant", "grants", multiple=True, help="authorization_code, refresh_token, client_credentials."
)
@click.option("--public", is_flag=True, help="An app or a page that cannot keep a secret.")
@click.option("--first-party", is_flag=True, help="The publisher's own: readers are not asked for consent.")
@click.option("--backchannel-logout-uri", help="Where it wants to be told of sign-outs.")
@click.option("--audience", "audiences", multiple=True, help="Another client whose API its tokens are for.")
@click.option("--jwks", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its public keys.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the client as JSON.")
def create(
    *, scope: str, post_logout: tuple[str, ...], jwks: Path | None, json_wanted: bool, **details: Any
) -> None:
    """Register a client. Its secret is shown this once."""
    try:
        keys = json.loads(jwks.read_text()) if jwks else None
        wanted = ClientDetails(
            scopes=scope.split(), post_logout_redirect_uris=post_logout, jwks=keys, **details
        )
        with refusals_as_messages():
            client, secret = masthead().flows.clients.create(wanted, STAFF)
    except (NotRegistrable, ValueError) as refusal:
        raise click.ClickException(str(refusal)) from None
    told = {"client_id": client.id, "client_secret": secret}
    _tell({name: value for name, value in told.items() if value is not None}, json_wanted=json_wanted)


@clients.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="Print them as JSON.")
def list_clients(*, json_wanted: bool) -> None:
    """Show every client; never a secret."""
    with refusals_as_messages():
        known = masthead().flows.clients.list()
    if json_wanted:
        click.echo(json.dumps([_described(client) for client in known]))
        return
    for client in known:
        state = "disabled" if client.disabled else "public" if client.public else "confidential"
        click.echo(f"{client.id}  {state:<12}  {client.name}")


@clients.command("rotate-secret")
@click.argument("client_id", metavar="ID")
@click.option("--json", "json_wanted", is_flag=True, help="Print the secret as JSON.")
def rotate_secret(client_id: str, *, json_wanted: bool) -> None:
    """Make a new secret; the present one is good for another 24 hours."""
    with refusals_as_messages():
        secret = masthead().flows.clients.rotate_secret(client_id, STAFF)
    _tell({"client_id": client_id, "client_secret": secret}, json_wanted=json_wanted)


@clients.command()
@click.argument("client_id", metavar="ID")
@click.option("--json", "json_wanted", is_flag=True, help="Print the client as JSON.")
def disable(client_id: str, *, json_wanted: bool) -> None:
    """Close a client; its tokens end at once."""
    with refusals_as_messages():
        client = masthead().flows.clients.disable(client_id, STAFF)
    click.echo(json.dumps(_described(client)) if json_wanted else f"{client.id}  disabled")


def _tell(told: dict[str, str], *, json_wanted: bool) -> None:
    if json_wanted:
        click.echo(json.dumps(told))
    else:
        for name, value in told.items():
            click.echo(f"{name:<14} {value}")


def _described(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "name": client.name,
        "auth": str(client.auth),
        "grants": list(client.grants),
        "scopes": list(client.scopes),
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "audiences": list(client.audiences),
        "first_party": client.first_party,
        "public": client.public,
        "disabled": client.disabled,
        "created_at": client.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
