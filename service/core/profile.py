"""What a reader may be called, which language they may choose, and which roles they may have."""

import re
import unicodedata
from collections.abc import Sequence

from service.core.errors import FieldError, ValidationFailed

LONGEST_NAME = 100  # code points
FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode general categories
JOINERS = "\u200c\u200d"  # belong to names in Persian and the Indic scripts
LOCALE_SHAPE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?")

MOST_ROLES = 50
ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")  # no comma: `Remote-Roles` joins them with one


def accept_name(typed: str | None) -> str | None:
    """Return a name in NFC without spaces around it; None for none.

    Control, format (zero-width, bidirectional) and unpaired characters are refused with `invalid_text`,
    more than 100 code points with `name_too_long`. Everything else is somebody's name.
    """
    if typed is None or not typed[: LONGEST_NAME + 1].strip():
        return None
    if len(typed) > LONGEST_NAME:
        raise _refuse("name", "name_too_long", "Use at most 100 characters.")
    if any(unicodedata.category(character) in FORBIDDEN and character not in JOINERS for character in typed):
        raise _refuse("name", "invalid_text", "This contains characters that cannot be used.")
    return unicodedata.normalize("NFC", typed).strip()


def accept_locale(typed: str | None) -> str | None:
    """Return a language tag (BCP 47: language, script, region) with hyphens, None for one we cannot read."""
    if not typed or not LOCALE_SHAPE.fullmatch(typed):
        return None
    return typed.replace("_", "-")


def require_locale(typed: str | None) -> str | None:
    """Return the same for one that was chosen; what we cannot read is refused with `invalid_locale`."""
    locale = accept_locale(typed)
    if typed and locale is None:
        raise _refuse("locale", "invalid_locale", "Give a language such as en or de-AT.")
    return locale


def accept_roles(given: Sequence[str]) -> tuple[str, ...]:
    """Return each role once; refuse what is no name of a role, or too many, with `invalid_role`."""
    roles = tuple(dict.fromkeys(given))
    if len(roles) > MOST_ROLES or not all(ROLE.fullmatch(role) for role in roles):
        raise _refuse(
            "roles",
            "invalid_role",
            "Use at most 50 roles of at most 64 letters, digits, dots, hyphens, underscores and colons.",
        )
    return roles


def _refuse(field: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed([FieldError(field, code, message)])
