"""How Have I Been Pwned cuts its list: by the first five of the forty hexadecimal digits of a password's SHA-1.

A range has the other thirty-five and a count on each line. Those counted 0 are padding, there to hide by the
answer's length which range it is. See https://haveibeenpwned.com/API/v3#PwnedPasswords.
"""

import hashlib
import re

LONGEST_RANGE = 1024 * 1024  # bytes; the longest of today has 70 KB
LINE = re.compile(rb"[0-9A-F]{35}:[0-9]+")


def cut(password: str) -> tuple[str, str]:
    """Return what names a password's range, and what names the password in it."""
    digits = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    return digits[:5], digits[5:]


def holds(text: bytes, suffix: str) -> bool:
    """Whether a range has a password. Raises `ValueError` for a text that is no range."""
    lines = text.split()
    if not lines or len(text) > LONGEST_RANGE:
        raise ValueError("no range, or a very long one")
    found = False
    for line in lines:
        if not LINE.fullmatch(line):
            raise ValueError("no range of SHA-1 hashes")
        digits, _, count = line.partition(b":")
        found |= digits == suffix.encode() and int(count[:20]) > 0
    return found
