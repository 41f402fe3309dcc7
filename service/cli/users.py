"""`flask users`: create, roles, disable, enable, password-reset; the same rules, letters and audit as everywhere."""

import sys
from uuid import UUID

import click

from service.cli.context import STAFF, masthead, refusals_as_messages, show


@click.group()
def users() -> None:
    """Accounts."""


@users.command("create")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--name", help="What to call the reader.")
@click.option("--role", "roles", multiple=True, help="A role; may be given several times.")
@click.option("--unverified", is_flag=True, help="Leave the address to be confirmed by its owner.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the account as JSON.")
def create(
    email: str,
    password_stdin: bool,
    name: str | None,
    roles: tuple[str, ...],
    unverified: bool,
    json_wanted: bool,
) -> None:
    """Create an account. Without a password its owner sets one through "Forgot password"."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with refusals_as_messages():
        user = masthead().flows.accounts.create(
            email=email, password=password, name=name, roles=roles, verified=not unverified, visit=STAFF
        )
    show(user, json_wanted=json_wanted)


@users.command()
@click.argument("user_id", metavar="ID", type=UUID)
@click.option("--json", "json_wanted", is_flag=True, help="Print the account as JSON.")
def disable(user_id: UUID, json_wanted: bool) -> None:
    """Close an account; its sessions and links die at once."""
    with refusals_as_messages():
        show(masthead().flows.accounts.disable(user_id, STAFF), json_wanted=json_wanted)


@users.command()
@click.argument("user_id", metavar="ID", type=UUID)
@click.option("--json", "json_wanted", is_flag=True, help="Print the account as JSON.")
def enable(user_id: UUID, json_wanted: bool) -> None:
    """Open a closed account again."""
    with refusals_as_messages():
        show(masthead().flows.accounts.enable(user_id, STAFF), json_wanted=json_wanted)


@users.command("roles")
@click.argument("user_id", metavar="ID", type=UUID)
@click.option("--role", "roles", multiple=True, help="A role; may be given several times.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the account as JSON.")
def set_roles(user_id: UUID, *, roles: tuple[str, ...], json_wanted: bool) -> None:
    """Give an account these roles and no others; without --role it has none. Its sessions end.

    The role "admin" opens the staff pages, with a second factor.
    """
    with refusals_as_messages():
        show(masthead().flows.accounts.set_roles(user_id, roles, STAFF), json_wanted=json_wanted)


@users.command("sign-out-all")
@click.option("--yes", is_flag=True, help="Do not ask.")
def sign_out_all(yes: bool) -> None:
    """End everybody's sessions, and every link that signs in, resets, confirms or connects.

    For a restored backup, or a stolen one. Passwords stay. It can be run again where it was interrupted.
    """
    if not yes:
        click.confirm("Sign everybody out?", abort=True)
    with refusals_as_messages():
        accounts = masthead().flows.sign_out_all.run(STAFF)
    click.echo(f"Everybody is signed out. Accounts: {accounts}")


@users.command("second-factor-off")
@click.argument("user_id", metavar="ID", type=UUID)
@click.option("--json", "json_wanted", is_flag=True, help="Print the account as JSON.")
def second_factor_off(user_id: UUID, json_wanted: bool) -> None:
    """Stop asking for a code, for an owner who has lost app and recovery codes; sessions end, the owner is told.

    Passkeys stay. Make sure first that it is the owner who asks: the password alone opens the account from now on.
    """
    with refusals_as_messages():
        show(masthead().flows.second_factor.remove_for(user_id, STAFF), json_wanted=json_wanted)


@users.command("password-reset")
@click.argument("user_id", metavar="ID", type=UUID)
@click.option("--json", "json_wanted", is_flag=True, help="Print the account as JSON.")
def password_reset(user_id: UUID, json_wanted: bool) -> None:
    """Mail the owner a reset link; sessions end at once."""
    with refusals_as_messages():
        show(masthead().flows.accounts.send_reset(user_id, STAFF), json_wanted=json_wanted)
