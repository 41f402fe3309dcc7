"""An export: how its records are read, and what each says of an account."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from service.core.errors import ValidationFailed
from service.core.imports import Account, Found, Refused

Record = tuple[int, Mapping[str, Any]]
Reader = Callable[[BinaryIO], Iterator[Record | Refused]]


@dataclass(frozen=True)
class Export:
    """`account` raises `ValidationFailed` for a record it cannot read, `address` is where an e-mail address may be."""

    records: Reader
    account: Callable[[Mapping[str, Any]], Account]
    address: str = "email"

    def read(self, stream: BinaryIO) -> Iterator[Found | Refused]:
        for record in self.records(stream):
            if isinstance(record, Refused):
                yield record
                continue
            number, values = record
            try:
                yield Found(number, self.account(values))
            except ValidationFailed as refusal:
                yield Refused.because(refusal.errors[0], number, values.get(self.address))


def by_first_character(*, document: Reader, table: Reader) -> Reader:
    """Read what begins like JSON as a document, all else as a table."""

    def read(stream: BinaryIO) -> Iterator[Record | Refused]:
        beginning = stream.peek(64)[:64].removeprefix(b"\xef\xbb\xbf").lstrip()  # type: ignore[attr-defined]
        return document(stream) if beginning[:1] in (b"{", b"[") else table(stream)

    return read
