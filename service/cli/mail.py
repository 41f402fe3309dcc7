"""`flask mail`: letters, from the command line."""

import click

from service.cli.mail_preview import preview


@click.group()
def mail() -> None:
    """Letters and what becomes of them."""


mail.add_command(preview)
