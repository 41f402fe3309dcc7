"""WordPress: the users table as WP-CLI or `mysql --batch` prints it. Roles stay there: they mean other things."""

from collections.abc import Mapping
from html import unescape
from typing import Any

from service.adapters.imports.export import Export
from service.adapters.imports.tables import table
from service.adapters.imports.values import instant, language, text
from service.core.imports import Account


def account(record: Mapping[str, Any]) -> Account:
    return Account(
        email=text(record, "user_email") or "",
        name=unescape(text(record, "display_name") or ""),
        locale=language(record, "locale"),
        password_hash=text(record, "user_pass"),
        created_at=instant(record, "user_registered"),
    )


EXPORT = Export(table(needs=("user_email", "user_pass")), account, "user_email")
