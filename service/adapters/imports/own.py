"""Our own formats: CSV with named columns, and JSON lines with the same names."""

import re
from collections.abc import Mapping
from typing import Any

from service.adapters.imports.documents import json_lines
from service.adapters.imports.export import Export
from service.adapters.imports.tables import table
from service.adapters.imports.values import bad, flag, instant, text
from service.core.imports import Account

FIELDS = ("email", "name", "locale", "roles", "email_verified", "password_hash", "created_at", "disabled")
BETWEEN_ROLES = re.compile(r"[\s,;|]+")


def account(record: Mapping[str, Any]) -> Account:
    unknown = [name for name in record if name not in FIELDS]
    if unknown:
        raise bad(unknown[0], "unknown_field", f"Known are: {', '.join(FIELDS)}.")
    return Account(
        email=text(record, "email") or "",
        name=text(record, "name"),
        locale=text(record, "locale"),
        roles=_roles(record.get("roles")),
        email_verified=flag(record, "email_verified"),
        password_hash=text(record, "password_hash"),
        created_at=instant(record, "created_at", zone_given=True),
        disabled=bool(flag(record, "disabled")),
    )


def _roles(given: object) -> tuple[str, ...]:
    if isinstance(given, list) and all(isinstance(role, str) for role in given):
        return tuple(given)
    if given is None or isinstance(given, str):
        return tuple(role for role in BETWEEN_ROLES.split(given or "") if role)
    raise bad("roles", "invalid_type", "This should be a list of texts.")


CSV = Export(table(needs=("email",), knows=FIELDS[1:], strict=True), account)
JSON_LINES = Export(json_lines, account)
