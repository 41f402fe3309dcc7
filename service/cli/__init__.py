"""The commands of `flask --app wsgi`: a file each."""

from flask import Flask

from service.cli import clients, doctor, exports, imports, keys, mail, migrate, users, webhooks, worker


def register(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(migrate.migrate)
    app.cli.add_command(worker.worker)
    users.users.add_command(imports.import_accounts)
    users.users.add_command(exports.export_accounts)
    app.cli.add_command(users.users)
    app.cli.add_command(mail.mail)
    app.cli.add_command(doctor.doctor)
    app.cli.add_command(clients.clients)
    app.cli.add_command(keys.keys)
    app.cli.add_command(webhooks.webhooks)
