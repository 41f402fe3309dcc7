"""Where bounces of a letter go: an address of its own, which nobody but us can make (VERP).

A bounce is mail from anybody. What proves that it is about a letter of ours is the token in the address it was
sent to: the letter's outbox row and a MAC over it. So nobody can have somebody else's address suppressed.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from uuid import UUID

from service.core.tokens import derive_key

MAC_BYTES = 10
TOKEN = re.compile(r"\+([a-z2-7]{42})@", re.IGNORECASE)


class BounceAddresses:
    """`address` is where the mail system delivers `name+anything@domain`. `secrets` run newest first."""

    def __init__(self, address: str, secrets: Sequence[bytes]) -> None:
        self._local, _, self._domain = address.rpartition("@")
        self._keys = [derive_key(secret, "mail/bounce") for secret in secrets]

    def of(self, row_id: UUID) -> str:
        """Return the address for the bounces of one letter; mail systems may change its case."""
        token = base64.b32encode(row_id.bytes + _mac(self._keys[0], row_id)).decode().rstrip("=").lower()
        return f"{self._local}+{token}@{self._domain}"

    def row_in(self, header: str) -> UUID | None:
        """Return the letter an address of ours names, wherever it stands in a header; None without one."""
        for token in TOKEN.findall(header[:10_000]):
            try:
                raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
            except binascii.Error:
                continue
            row_id = UUID(bytes=raw[:16])
            if any(hmac.compare_digest(_mac(key, row_id), raw[16:]) for key in self._keys):
                return row_id
        return None


def _mac(key: bytes, row_id: UUID) -> bytes:
    return hmac.digest(key, row_id.bytes, "sha256")[:MAC_BYTES]
