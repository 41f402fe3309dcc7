"""WordPress' hashes: phpass (`$P$`) before 6.8, since then bcrypt of a keyed digest (`$wp$2y$`).

WordPress trims passwords, and hashes those of its forms with a backslash before quotes and backslashes, as PHP once
handed them over. What its other doors set has none, so both are tried.
(wp_hash_password, wp_signon, wp_magic_quotes; core.trac.wordpress.org/ticket/13655)
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator

from service.adapters.passwords.foreign.blowfish import Bcrypt
from service.adapters.passwords.foreign.phpass import Phpass

TRIMMED = b" \t\n\r\0\x0b"  # PHP's trim()
SLASHED = re.compile(rb"(['\"\\])")
KEY = b"wp-sha384"


class Portable(Phpass):
    """phpass. Others write `$P$` as well and trim nothing, so the password as it was typed is tried too."""

    prefixes = ("$P$",)

    def matches(self, password_hash: str, secret: bytes) -> bool:
        return any(
            super(Portable, self).matches(password_hash, each) for each in {secret, *_readings(secret)}
        )


class Prehashed:
    prefixes = ("$wp$2y$",)

    def __init__(self) -> None:
        self._bcrypt = Bcrypt()

    def knows(self, password_hash: str) -> bool:
        return password_hash.startswith(self.prefixes) and self._bcrypt.knows(_inner(password_hash))

    def matches(self, password_hash: str, secret: bytes) -> bool:
        inner = _inner(password_hash)
        return any(
            self._bcrypt.matches(inner, b64encode(hmac.digest(KEY, reading, "sha384")))
            for reading in set(_readings(secret))
        )


def _inner(password_hash: str) -> str:
    return password_hash.removeprefix("$wp")


def _readings(secret: bytes) -> Iterator[bytes]:
    """What WordPress may have made of a typed password."""
    yield secret.strip(TRIMMED)
    yield SLASHED.sub(rb"\\\1", secret).strip(TRIMMED)
