"""What a reader may choose as password (NIST SP 800-63B-4, section 3.1.1.2).

Long enough, not among the passwords everybody tries first, and not guessed in a few thousand tries. No
rules about digits and symbols, nothing trimmed or folded but Unicode's NFC, and everything counts.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from service.core.errors import FieldError, ValidationFailed

LONGEST_PASSWORD = 256  # code points
MOST_BYTES = 1024
GUESSED_PREFIX = 40  # code points zxcvbn looks at: its work grows faster than the password

COMMON_PASSWORDS = frozenset(FREQUENCY_LISTS["passwords"])


def normalise_password(typed: str) -> str | None:
    """Return the password in NFC, or None for one that can never be right.

    The caps come first: normalising is quadratic in the number of combining marks.
    """
    if len(typed) > LONGEST_PASSWORD or "\0" in typed:
        return None
    try:
        if len(typed.encode()) > MOST_BYTES:
            return None
    except UnicodeEncodeError:
        return None
    return unicodedata.normalize("NFC", typed)


@dataclass(frozen=True)
class PasswordPolicy:
    """The bar for new passwords. `min_strength` is zxcvbn's score, 0 to 4."""

    min_length: int = 8
    min_strength: int = 2
    refuse_common: bool = True
    site_words: tuple[str, ...] = ()

    def accept(self, typed: str, *, about: Iterable[str | None] = (), field: str = "password") -> str:
        """Return the password as it is hashed.

        `about` are the words nobody should use for this account: name, address. Raises `ValidationFailed`
        with `password_too_short`, `password_too_long`, `password_breached`, `password_guessable` or
        `invalid_text`.
        """
        if len(typed) > LONGEST_PASSWORD:
            raise self._refuse(
                field, "password_too_long", "Use at most %(most)d characters.", most=LONGEST_PASSWORD
            )
        password = normalise_password(typed)
        if password is None:
            raise self._refuse(field, "invalid_text", "This contains characters that cannot be used.")
        if len(password) < self.min_length:
            raise self._refuse(
                field, "password_too_short", "Use at least %(least)d characters.", least=self.min_length
            )
        if self.refuse_common and password.lower() in COMMON_PASSWORDS:
            raise self._refuse(
                field,
                "password_breached",
                "This password is on lists that attackers try first. Choose another.",
            )
        if self._score(password, about) < self.min_strength:
            raise self._refuse(
                field,
                "password_guessable",
                "This password is easy to guess. Add a word or two that have nothing to do with you.",
            )
        return password

    def _score(self, password: str, about: Iterable[str | None]) -> int:
        words = [
            part
            for text in (*self.site_words, *about)
            if text
            for part in (text, *text.replace("@", " ").split())
        ]
        return int(zxcvbn(password[:GUESSED_PREFIX], user_inputs=words)["score"])

    @staticmethod
    def _refuse(field: str, code: str, message: str, **values: object) -> ValidationFailed:
        return ValidationFailed([FieldError(field, code, message, tuple(values.items()))])
