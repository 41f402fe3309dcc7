"""Auth0: the user export, and the export with password hashes that its support makes; a user on each line."""

from collections.abc import Mapping
from typing import Any

from service.adapters.imports.documents import json_lines
from service.adapters.imports.export import Export
from service.adapters.imports.values import flag, instant, text
from service.core.imports import Account


def account(record: Mapping[str, Any]) -> Account:
    email, name = text(record, "email") or "", text(record, "name")
    return Account(
        email=email,
        name=None if name == email else name,  # what Auth0 calls who told no name
        email_verified=flag(record, "email_verified"),
        password_hash=text(record, "passwordHash") or text(record, "password_hash"),
        created_at=instant(record, "created_at"),
        disabled=bool(flag(record, "blocked")),
    )


EXPORT = Export(json_lines, account)
