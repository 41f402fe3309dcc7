"""Reading what a vendor sends: JSON from strangers until its signature is checked, and claims about time."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from service.core.errors import InvalidJson
from service.core.service_errors import InvalidNotification

OLDEST = timedelta(hours=1)  # as long as SNS tries to deliver; the others sign every try anew
FASTEST_CLOCK = timedelta(minutes=5)


def objects(body: bytes) -> list[dict[str, Any]]:
    """Return the objects of a body, one or a list of them. Raises `InvalidJson`."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidJson from error
    found = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(item, dict) for item in found):
        raise InvalidJson
    return found


def inside(item: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the object at the end of a path, an empty one where there is none."""
    for name in names:
        found = item.get(name)
        item = found if isinstance(found, dict) else {}
    return item


def items(item: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of objects, leaving out what is none."""
    found = item.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def text(item: dict[str, Any], name: str) -> str:
    """Return a text or number as text, empty where there is none."""
    found = item.get(name)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def require_recent(seconds: str, now: datetime) -> None:
    """Raise `InvalidNotification` unless a signed instant, in seconds of the epoch, is about now."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
        raise InvalidNotification
    signed_at = datetime.fromtimestamp(int(seconds), UTC)
    if not now - OLDEST <= signed_at <= now + FASTEST_CLOCK:
        raise InvalidNotification
