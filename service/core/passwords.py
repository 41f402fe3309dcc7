"""What a reader may choose as password (NIST SP 800-63B-4, section 3.1.1.2).

Long enough, not among the passwords everybody tries first, not made of the reader's or the site's own names, and
not guessed in a few thousand tries. No rules about digits and symbols, nothing trimmed or folded but Unicode's
NFC, and everything counts.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from service.core.errors import FieldError, ValidationFailed
from service.core.ports import BreachList
from service.core.wording import sentence

LONGEST_PASSWORD = 256  # code points
MOST_BYTES = 1024
GUESSED_PREFIX = 40  # code points zxcvbn looks at: its work grows faster than the password
SHORTEST_NAME = 4  # letters: "max" is in maximum, "org" in organ
LEAST_BESIDE_NAMES = 6  # characters: 1815! after a name is what attackers add first

TOO_SHORT = sentence("Use at least %(least)d characters.")
TOO_LONG = sentence("Use at most %(most)d characters.")
UNUSABLE = sentence("This contains characters that cannot be used.")
KNOWN = sentence("This password is on lists that attackers try first. Choose another.")
OWN_NAMES = sentence(
    "This password is mostly a name that others know: yours, your address, or ours."
    " Add a word or two that have nothing to do with them."
)
PATTERN = sentence(
    "Repetitions and rows such as aaa, abc or qwerty are easy to guess. Use a few unrelated words instead."
)
GUESSABLE = sentence("This password is easy to guess. Add a word or two that have nothing to do with you.")


class CommonPasswords:
    """The 30,000 most common passwords, as zxcvbn ships them."""

    _ranked = frozenset(FREQUENCY_LISTS["passwords"])

    def knows(self, password: str) -> bool:
        return password.lower() in self._ranked


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
    """The bar for new passwords. `min_strength` is zxcvbn's score, 0 to 4; `lists` are at hand and cost nothing."""

    min_length: int = 8
    min_strength: int = 2
    lists: tuple[BreachList, ...] = (CommonPasswords(),)
    site_words: tuple[str, ...] = ()

    def accept(self, typed: str, *, about: Iterable[str | None] = (), field: str = "password") -> str:
        """Return the password as it is hashed.

        `about` are the words nobody should use for this account: name, address. Raises `ValidationFailed`
        with `password_too_short`, `password_too_long`, `password_breached`, `password_guessable` or
        `invalid_text`.
        """
        if len(typed) > LONGEST_PASSWORD:
            raise refused(field, "password_too_long", TOO_LONG, most=LONGEST_PASSWORD)
        password = normalise_password(typed)
        if password is None:
            raise refused(field, "invalid_text", UNUSABLE)
        if len(password) < self.min_length:
            raise refused(field, "password_too_short", TOO_SHORT, least=self.min_length)
        if any(known.knows(password) for known in self.lists):
            raise breached(field)
        weakness = self._weakness(password, _names([*self.site_words, *about]))
        if weakness is not None:
            raise refused(field, "password_guessable", weakness)
        return password

    def _weakness(self, password: str, names: list[str]) -> str | None:
        """Return the sentence for what makes a password easy to guess."""
        if _is_mostly_names(password, names):
            return OWN_NAMES
        judged = zxcvbn(password[:GUESSED_PREFIX], user_inputs=names)
        if judged["score"] >= self.min_strength:
            return None
        widest = max(judged["sequence"], key=lambda match: len(match["token"]))
        return PATTERN if widest["pattern"] in ("repeat", "sequence", "spatial") else GUESSABLE


def breached(field: str) -> ValidationFailed:
    """Say that a password is on a list of known ones."""
    return refused(field, "password_breached", KNOWN)


def refused(field: str, code: str, message: str, **values: object) -> ValidationFailed:
    return ValidationFailed([FieldError(field, code, message, tuple(values.items()))])


def _names(texts: Iterable[str | None]) -> list[str]:
    """Return each text whole, its words, and its words in a row; longest first."""
    names = set()
    for text in texts:
        words = re.split(r"[\W_]+", (text or "").casefold())
        names |= {(text or "").casefold(), "".join(words), *words}
    return sorted(names - {""}, key=lambda name: (-len(name), name))


def _is_mostly_names(password: str, names: list[str]) -> bool:
    """Whether little is left of a password without the names of reader and site.

    zxcvbn alone is content with a long name and a year, and its bar can be lowered to nothing.
    """
    rest = password.casefold()
    for name in names:
        if len(name) >= SHORTEST_NAME:
            rest = rest.replace(name, "")
    return len(rest) < LEAST_BESIDE_NAMES
