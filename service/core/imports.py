"""What an import brings: accounts as another system tells of them, and rows that tell of none."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from service.core.errors import FieldError

SHOWN_ADDRESS = 254  # characters of what was given as address


@dataclass(frozen=True)
class Account:
    """An account elsewhere, nothing of it judged yet. None is what the source does not tell."""

    email: str
    name: str | None = None
    locale: str | None = None
    roles: tuple[str, ...] = ()
    email_verified: bool | None = None
    password_hash: str | None = field(default=None, repr=False)
    created_at: datetime | None = None
    disabled: bool = False


@dataclass(frozen=True)
class Found:
    """An account, and where in the export: the number of its line, or of its record in a document without lines."""

    number: int
    account: Account


@dataclass(frozen=True)
class Refused:
    """A row that becomes no account, and why."""

    number: int
    email: str
    field: str
    code: str
    message: str

    @classmethod
    def because(cls, error: FieldError, number: int, email: object = "") -> "Refused":
        given = email[:SHOWN_ADDRESS] if isinstance(email, str) else ""
        return cls(number, given, error.field, error.code, error.message)


class Unreadable(Exception):
    """The export is not what it was said to be, or breaks off; the message says where and what is missing."""


class Source(Protocol):
    """One kind of export, read row by row. Raises `Unreadable`."""

    def read(self, stream: BinaryIO) -> Iterator[Found | Refused]: ...
