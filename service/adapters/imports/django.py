"""Django: `dumpdata` of its users, or their table as CSV."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from service.adapters.imports.documents import document
from service.adapters.imports.export import Export, Record, by_first_character
from service.adapters.imports.lines import refused
from service.adapters.imports.tables import table
from service.adapters.imports.values import flag, instant, text
from service.core.errors import FieldError
from service.core.imports import Account, Refused

UNUSABLE = "!"  # set_unusable_password()
NO_USER = FieldError("model", "not_an_account", "This is not a user: it has no email and no password.")


def account(record: Mapping[str, Any]) -> Account:
    password_hash = text(record, "password")
    names = (text(record, "first_name"), text(record, "last_name"))
    return Account(
        email=text(record, "email") or "",
        name=" ".join(name for name in names if name) or None,
        password_hash=None if (password_hash or "").startswith(UNUSABLE) else password_hash,
        created_at=instant(record, "date_joined"),
        disabled=flag(record, "is_active") is False,
    )


def _dumped(stream: BinaryIO) -> Iterator[Record | Refused]:
    for record in document("item")(stream):
        if isinstance(record, Refused):
            yield record
            continue
        number, found = record
        fields = found.get("fields")
        if isinstance(fields, dict) and "email" in fields and "password" in fields:
            yield number, fields
        else:
            yield refused(number, NO_USER)


EXPORT = Export(by_first_character(document=_dumped, table=table(needs=("email", "password"))), account)
