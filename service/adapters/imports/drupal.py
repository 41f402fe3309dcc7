"""Drupal: the users table as `mysql --batch`, or a CSV export of a database, prints it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from service.adapters.imports.export import Export
from service.adapters.imports.tables import table
from service.adapters.imports.values import flag, language, text, unix_instant
from service.core.imports import Account


def account(record: Mapping[str, Any]) -> Account:
    return Account(
        email=text(record, "mail") or "",
        name=text(record, "name"),
        locale=language(record, "langcode") or language(record, "language"),
        password_hash=text(record, "pass"),
        created_at=unix_instant(record, "created", unit=timedelta(seconds=1)),
        disabled=flag(record, "status") is False,
    )


EXPORT = Export(table(needs=("mail", "pass")), account, "mail")
