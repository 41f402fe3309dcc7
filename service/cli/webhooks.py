"""`flask webhooks`: the services that are told of accounts."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from service.cli.context import STAFF, masthead, refusals_as_messages
from service.core.webhook_rules import NotDeliverable
from service.core.webhooks import WebhookType
from service.flows.webhooks import NothingToReplay, WebhookState


@click.group()
def webhooks() -> None:
    """Services that are told of accounts (Standard Webhooks)."""


@webhooks.command("create")
@click.argument("url")
@click.option(
    "--event", "events", multiple=True, help=f"Only this kind, of {', '.join(WebhookType)}; again for more."
)
@click.option("--json", "json_wanted", is_flag=True, help="Print id and secret as JSON.")
def create(url: str, *, events: tuple[str, ...], json_wanted: bool) -> None:
    """Send events to URL from now on. The secret that signs them is shown this once."""
    try:
        with refusals_as_messages():
            webhook, secret = masthead().flows.webhooks.create(url, events, STAFF)
    except NotDeliverable as refusal:
        raise click.ClickException(str(refusal)) from None
    _tell({"id": str(webhook.id), "secret": secret}, json_wanted=json_wanted)


@webhooks.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="Print them as JSON.")
def list_webhooks(*, json_wanted: bool) -> None:
    """Show every webhook and how it fares; never a secret."""
    with refusals_as_messages():
        known = masthead().flows.webhooks.list()
    if json_wanted:
        click.echo(json.dumps([_described(state) for state in known]))
        return
    for state in known:
        hook = state.webhook
        trouble = f"  {hook.trouble}" if hook.trouble else ""
        click.echo(f"{hook.id}  {_state(state):<8}  {state.waiting:>6} waiting  {hook.url}{trouble}")


@webhooks.command("rotate-secret")
@click.argument("webhook_id", metavar="ID", type=click.UUID)
@click.option("--json", "json_wanted", is_flag=True, help="Print the secret as JSON.")
def rotate_secret(webhook_id: UUID, *, json_wanted: bool) -> None:
    """Make a new secret; for another 24 hours the present one signs as well."""
    with refusals_as_messages():
        secret = masthead().flows.webhooks.rotate_secret(webhook_id, STAFF)
    _tell({"id": str(webhook_id), "secret": secret}, json_wanted=json_wanted)


@webhooks.command()
@click.argument("webhook_id", metavar="ID", type=click.UUID)
def disable(webhook_id: UUID) -> None:
    """Send nothing any more. Events are kept for 30 days."""
    with refusals_as_messages():
        masthead().flows.webhooks.disable(webhook_id, STAFF)
    click.echo(f"{webhook_id}  disabled")


@webhooks.command()
@click.argument("webhook_id", metavar="ID", type=click.UUID)
def enable(webhook_id: UUID) -> None:
    """Send again, from now on."""
    with refusals_as_messages():
        missed = masthead().flows.webhooks.enable(webhook_id, STAFF)
    click.echo(f"{webhook_id}  open")
    if missed is not None:
        click.echo(
            f"For what it missed: flask --app wsgi webhooks replay {webhook_id} --event-id {missed.id}"
        )


@webhooks.command()
@click.argument("webhook_id", metavar="ID", type=click.UUID)
@click.option("--since", help="From this instant on, e.g. 2026-11-22T21:00:00Z.")
@click.option("--event-id", type=click.UUID, help="From this event (`webhook-id`) on.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the number as JSON.")
def replay(webhook_id: UUID, *, since: str | None, event_id: UUID | None, json_wanted: bool) -> None:
    """Send events again, in order and with their ids. What still waits is not sent twice."""
    if (since is None) == (event_id is None):
        raise click.UsageError("Give --since or --event-id.")
    try:
        with refusals_as_messages():
            queued = masthead().flows.webhooks.replay(
                webhook_id, STAFF, since=_instant(since) if since else None, event_id=event_id
            )
    except NothingToReplay as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(json.dumps({"queued": queued}) if json_wanted else f"{queued} deliveries queued")


def _instant(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text}: give a time as 2026-11-22T21:00:00Z") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _tell(told: dict[str, str], *, json_wanted: bool) -> None:
    if json_wanted:
        click.echo(json.dumps(told))
    else:
        for name, value in told.items():
            click.echo(f"{name:<7} {value}")


def _state(state: WebhookState) -> str:
    if state.webhook.disabled:
        return "disabled"
    return "failing" if state.webhook.failing_since else "open"


def _described(state: WebhookState) -> dict[str, Any]:
    hook = state.webhook
    return {
        "id": str(hook.id),
        "url": hook.url,
        "events": list(hook.events) or [str(kind) for kind in WebhookType],
        "state": _state(state),
        "disabled_by": hook.disabled_by,
        "failing_since": _at(hook.failing_since),
        "trouble": hook.trouble,
        "waiting": state.waiting,
        "waiting_since": _at(state.waiting_since),
        "created_at": _at(hook.created_at),
    }


def _at(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z") if instant else None
