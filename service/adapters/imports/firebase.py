"""Firebase: `firebase auth:export users.json --format=json`.

Its hashes need the project's parameters, which become part of each; all but the signer key, which is a secret.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO

from service.adapters.imports.documents import document
from service.adapters.imports.export import Export
from service.adapters.imports.values import flag, text, unix_instant
from service.core.imports import Account, Found, Refused

URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class FirebaseExport:
    """`rounds`, `mem_cost` and `salt_separator` are the project's; nearly all have these."""

    rounds: int = 8
    mem_cost: int = 14
    salt_separator: str = "Bw=="

    def read(self, stream: BinaryIO) -> Iterator[Found | Refused]:
        return Export(document("users.item"), self.account).read(stream)

    def account(self, record: Mapping[str, Any]) -> Account:
        return Account(
            email=text(record, "email") or "",
            name=text(record, "displayName"),
            email_verified=flag(record, "emailVerified"),
            password_hash=self._hash(record),
            created_at=unix_instant(record, "createdAt", unit=timedelta(milliseconds=1)),
            disabled=bool(flag(record, "disabled")),
        )

    def _hash(self, record: Mapping[str, Any]) -> str | None:
        stored = text(record, "passwordHash")
        if stored is None:
            return None
        parts = (text(record, "salt") or "", self.salt_separator, stored)
        salt, separator, digest = (part.translate(URL_SAFE) for part in parts)
        return f"$firebase-scrypt$ln={self.mem_cost},r={self.rounds}${salt}${separator}${digest}"


EXPORT = FirebaseExport()
