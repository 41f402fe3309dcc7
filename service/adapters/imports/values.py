"""Values as exports write them: text, yes and no, instants."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from service.core.errors import FieldError, ValidationFailed
from service.core.profile import accept_locale

YES, NO = ("true", "t", "1", "yes"), ("false", "f", "0", "no")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = "0000-00-00 00:00:00"  # MySQL's


def text(record: Mapping[str, Any], name: str) -> str | None:
    """Return a text, None for an empty one or none."""
    value = record.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise bad(name, "invalid_type", "This should be a text.")
    return value


def flag(record: Mapping[str, Any], name: str) -> bool | None:
    """Return yes or no, as JSON, PostgreSQL, MySQL or a person writes it; None for nothing."""
    value = record.get(name)
    if value is None or value == "" or isinstance(value, bool):
        return value if isinstance(value, bool) else None
    word = str(value).strip().lower() if isinstance(value, str | int | float) else None
    if word not in YES + NO:
        raise bad(name, "invalid_type", "Write true or false.")
    return word in YES


def instant(record: Mapping[str, Any], name: str, *, zone_given: bool = False) -> datetime | None:
    """Return an instant written by ISO 8601; without an offset it is UTC, unless one has to be given."""
    written = text(record, name)
    if written is None or written == NEVER:
        return None
    try:
        found = datetime.fromisoformat(written.strip())
        if found.tzinfo is None:
            if zone_given:
                raise ValueError("no offset")
            return found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_instant(name) from None


def unix_instant(record: Mapping[str, Any], name: str, *, unit: timedelta) -> datetime | None:
    """Return an instant counted since 1970; None for nothing and for 0."""
    value = record.get(name)
    try:
        counted = int(value) if isinstance(value, (str, int)) and value != "" else 0
        return EPOCH + counted * unit if counted else None
    except (ValueError, OverflowError):
        raise _no_instant(name) from None


def language(record: Mapping[str, Any], name: str) -> str | None:
    """Return a language, None where we cannot read what stands there: de_DE_formal, und."""
    return accept_locale(text(record, name))


def bad(name: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed([FieldError(name, code, message)])


def _no_instant(name: str) -> ValidationFailed:
    return bad(name, "invalid_instant", "Write an instant such as 2019-05-04T12:30:00Z.")
