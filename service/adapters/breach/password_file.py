"""The operator's own list: a text file with a password on each line.

What is kept in memory are eight bytes of each line's hash, in order: 1.6 MB for the longest list allowed.
"""

import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from service.core.passwords import normalise_password

MOST_LINES = 200_000
LONGEST_LINE = 4096  # bytes
HASHED = re.compile(r"[0-9A-Fa-f]{32,40}:\d+")


class PasswordFile:
    """Passwords of a file, whatever their case. Spaces count; empty lines do not."""

    def __init__(self, path: Path) -> None:
        """Read all of it. Raises `ValueError` for a list that is too long, or of something else."""
        self._path = path
        self._digests = array("Q", sorted(_digest(password) for password in _passwords(path)))
        if not self._digests:
            raise ValueError("there are no passwords in the file")

    def __str__(self) -> str:
        return f"{len(self._digests):,} passwords of {self._path}"

    def knows(self, password: str) -> bool:
        wanted = _digest(password)
        place = bisect_left(self._digests, wanted)
        return place < len(self._digests) and self._digests[place] == wanted


def _passwords(path: Path) -> Iterator[str]:
    """Read line by line, whatever the size of the file."""
    with path.open("rb") as file:
        for number, raw in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            if number > MOST_LINES:
                raise ValueError(
                    f"it has more than {MOST_LINES:,} lines; give a folder of hash ranges for a list of that size"
                )
            if len(raw) == LONGEST_LINE:
                raise ValueError(f"line {number} is too long for a password")
            try:
                line = raw.decode().rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise ValueError(f"line {number} is no UTF-8") from error
            if HASHED.fullmatch(line):
                raise ValueError(
                    f"line {number} is a hash; give a folder with a file for each range of hashes"
                )
            password = normalise_password(line)
            if password:
                yield password


def _digest(password: str) -> int:
    return int.from_bytes(hashlib.blake2b(password.casefold().encode(), digest_size=8).digest())
