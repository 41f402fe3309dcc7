"""Long lists in pages: a cursor says where the next page begins, and is opaque to who carries it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, Self, TypeVar
from uuid import UUID

from service.core.errors import FieldError, ValidationFailed

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AFTER_ALL = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of a list, and the cursor of what follows; None at its end."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True)
class Moment:
    """A place in what happened: an instant and, since much happens at once, an id."""

    at: datetime
    id: UUID

    def to_bytes(self) -> bytes:
        microseconds = (self.at - EPOCH) // timedelta(microseconds=1)
        return microseconds.to_bytes(8, "big") + self.id.bytes

    @classmethod
    def from_bytes(cls, place: bytes) -> Self:
        """Read a place. Raises `ValueError` and `OverflowError`."""
        at = EPOCH + timedelta(microseconds=int.from_bytes(place[:8], "big"))
        return cls(at, UUID(bytes=place[8:]))


FIRST = UUID(int=0)
NOW_OR_LATER = Moment(AFTER_ALL, UUID(int=2**128 - 1))


def cut(found: Sequence[T], limit: int, place: Callable[[T], bytes]) -> Page[T]:
    """Make a page of what was found by asking for one more than `limit`."""
    shown = found[:limit]
    more = len(found) > limit
    return Page(shown, _write(place(shown[-1])) if more else None)


def read_cursor(cursor: str, read: Callable[[bytes], T]) -> T:
    """Return the place a cursor names. Raises `ValidationFailed` with `invalid_cursor`."""
    try:
        return read(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, OverflowError) as error:
        raise ValidationFailed(
            [FieldError("cursor", "invalid_cursor", "Give a cursor as an earlier answer told it.")]
        ) from error


def _write(place: bytes) -> str:
    return urlsafe_b64encode(place).rstrip(b"=").decode()
