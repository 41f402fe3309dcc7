"""`flask users export`: every account as a line of JSON, as `users import --from jsonl` reads it."""

import json
from typing import Any

import click

from service.cli.context import STAFF, masthead, refusals_as_messages
from service.core.values import User


@click.command("export")
@click.option("--with-hashes", is_flag=True, help="With password hashes: guard the output like the database.")
def export_accounts(*, with_hashes: bool) -> None:
    """Print all accounts, a line of JSON each."""
    with refusals_as_messages():
        for user in masthead().flows.exports.run(STAFF, with_hashes=with_hashes):
            click.echo(json.dumps(_told(user, with_hashes=with_hashes)))


def _told(user: User, *, with_hashes: bool) -> dict[str, Any]:
    told = {
        "email": user.email,
        "name": user.name,
        "locale": user.locale,
        "roles": list(user.roles),
        "email_verified": user.email_verified,
        "created_at": user.created_at.isoformat().replace("+00:00", "Z"),
        "disabled": user.disabled,
    }
    return told | ({"password_hash": user.password_hash} if with_hashes else {})
