"""`flask migrate`: bring the database to the newest schema. Safe twice, and at once."""

import click

from service.cli.context import masthead, refusals_as_messages
from service.store.migrations import current_revision, upgrade


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with refusals_as_messages():
        engine = masthead().store.engine
        upgrade(engine)
        click.echo(f"The database is at revision {current_revision(engine)}.")
