"""Reading JSON without mercy (RFC 8259; RFC 7493 for duplicate names).

An object, in UTF-8, no name twice, not deeper than a person would nest, numbers a program can hold, text a
database can hold.
"""

import json
import re
from typing import Any, NoReturn

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from service.core.errors import FieldError, InvalidJson, ValidationFailed

LONGEST_BODY = 64 * 1024  # bytes
DEEPEST = 20
MOST_FIELDS = 50  # in one object
LONGEST_NUMBER = 20  # digits
# Possessive, and content with a string that never ends: whatever is sent, each character is looked at once.
STRINGS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
BRACKETS = re.compile(r"[\[\]{}]")


class StrictRequest(Request):
    """A request whose `get_json` raises our refusals, whatever flags a library passes."""

    max_content_length = LONGEST_BODY
    max_form_memory_size = LONGEST_BODY
    max_form_parts = 50

    def get_json(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Return the body's object.

        Raises `InvalidJson`, and `ValidationFailed` for a name given twice. Wrong media type and size are
        Werkzeug's 415 and 413. A DELETE may come without a body (RFC 9110, 9.3.5): that is an empty object.
        """
        if self.method == "DELETE" and not self.content_length and not self.mimetype:
            return {}
        if self.mimetype != "application/json" or self.headers.get("Content-Encoding"):
            raise UnsupportedMediaType
        if self.content_length is not None and self.content_length > LONGEST_BODY:
            raise RequestEntityTooLarge
        body = self.get_data(cache=False)
        if self.content_length is None and len(body) >= LONGEST_BODY:  # Werkzeug cuts off what has no length
            raise RequestEntityTooLarge
        return read_object(body)


def read_object(body: bytes) -> dict[str, Any]:
    """Parse one JSON object. Raises `InvalidJson` or `ValidationFailed` (`duplicate_field`)."""
    try:
        text = body.decode()
        if _deepest(text) > DEEPEST:
            raise InvalidJson
        parsed = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse, parse_int=_integer, parse_float=_number
        )
    except (ValueError, RecursionError) as error:
        raise InvalidJson from error
    if not isinstance(parsed, dict):
        raise InvalidJson
    return parsed


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_FIELDS:
        raise InvalidJson
    names = [name for name, _ in pairs]
    "".join(
        names
    ).encode()  # raises ValueError for unpaired surrogates, which pydantic would overlook in a name
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if twice:
        raise ValidationFailed(
            FieldError(shown(name), "duplicate_field", "Give this field once.") for name in twice
        )
    return dict(pairs)


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError("integer too long")
    return int(digits)


def _number(digits: str) -> float:
    if len(digits) > 2 * LONGEST_NUMBER:
        raise ValueError("number too long")
    return float(digits)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _deepest(text: str) -> int:
    """How deep the brackets outside of strings nest."""
    depth = deepest = 0
    for bracket in BRACKETS.findall(STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def shown(name: str) -> str:
    """Return the name of a field as an answer may repeat it."""
    return name.encode("ascii", "backslashreplace").decode()[:64]
