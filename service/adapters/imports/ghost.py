"""Ghost: staff with their passwords from the JSON export; members, who have none, from the members' CSV."""

from collections.abc import Mapping
from typing import Any

from service.adapters.imports.documents import document
from service.adapters.imports.export import Export, by_first_character
from service.adapters.imports.tables import table
from service.adapters.imports.values import instant, language, text
from service.core.imports import Account


def account(record: Mapping[str, Any]) -> Account:
    return Account(
        email=text(record, "email") or "",
        name=text(record, "name"),
        locale=language(record, "locale"),
        password_hash=text(record, "password"),
        created_at=instant(record, "created_at"),
        disabled=text(record, "status") == "inactive",
    )


EXPORT = Export(
    by_first_character(document=document("db.item.data.users.item"), table=table(needs=("email",))), account
)
