"""What commands share: the assembled service, and who staff are in the audit trail."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import click
from flask import current_app

from service.core.errors import Refusal, Unavailable, ValidationFailed
from service.core.values import User, Visit
from service.wiring import Masthead

STAFF = Visit(ip="", agent="command line")


def masthead() -> Masthead:
    """The assembled service."""
    return cast(Masthead, current_app.extensions["masthead"])


@contextmanager
def refusals_as_messages() -> Iterator[None]:
    """End a command with the refusal's sentence and exit code 1."""
    try:
        yield
    except ValidationFailed as refusal:
        raise click.ClickException(
            "; ".join(f"{e.field}: {e.message} ({e.code})" for e in refusal.errors)
        ) from None
    except Unavailable as refusal:
        cause = getattr(refusal.__cause__, "orig", refusal.__cause__)  # the driver's words, without our SQL
        raise click.ClickException(f"{refusal.message} ({refusal.code}: {cause})") from None
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.message} ({refusal.code})") from None


def as_json(user: User) -> dict[str, Any]:
    """The `user` of the HTTP contract."""
    return {
        "id": str(user.id),
        "email": user.email,
        "email_verified": user.email_verified,
        "name": user.name,
        "locale": user.locale,
        "roles": list(user.roles),
        "has_password": user.has_password,
        "providers": list(user.providers),
        "created_at": user.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def show(user: User, *, json_wanted: bool) -> None:
    """Print an account, for a program or for a person."""
    click.echo(json.dumps(as_json(user)) if json_wanted else f"{user.id}  {user.email}")
