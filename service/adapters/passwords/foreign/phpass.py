"""phpass' portable hashes (`$P$`, `$H$`): salted MD5 in a loop, as phpBB, Joomla and older WordPress keep them."""

import re

from passlib.handlers import phpass
from passlib.utils.binary import HASH64_CHARS

SHAPE = re.compile(r"\$[PH]\$([./0-9A-Za-z])[./0-9A-Za-z]{8}[./0-9A-Za-z]{22}")
LEAST, MOST = 7, 18  # powers of two of rounds; the software's own is 13 at most 17


def within_bounds(cost: str) -> bool:
    """Whether the character that says how often phpass hashes asks for rounds we would compute."""
    return LEAST <= int(HASH64_CHARS.index(cost)) <= MOST


class Phpass:
    prefixes = ("$H$",)

    def knows(self, password_hash: str) -> bool:
        found = SHAPE.fullmatch(password_hash)
        return found is not None and within_bounds(found[1])

    def matches(self, password_hash: str, secret: bytes) -> bool:
        return bool(phpass.phpass.verify(secret, password_hash))
