"""Have I Been Pwned's list on a disk of ours, as its downloader leaves it: `00000.txt` to `FFFFF.txt`.

Nothing is kept in memory: a look-up reads one file of some 40 KB.
"""

import logging
import re
from pathlib import Path

from service.adapters.breach.ranges import LONGEST_RANGE, cut, holds

log = logging.getLogger(__name__)
NAME = re.compile(r"[0-9A-F]{5}(\.txt)?")


class RangeFolder:
    """A folder of ranges. A range without a file holds nothing, so operators may keep a folder of their own."""

    def __init__(self, path: Path) -> None:
        """Look at one file. Raises `ValueError` when there is none, or when it is no range."""
        self._path = path
        first = next((file for file in path.iterdir() if NAME.fullmatch(file.name)), None)
        if first is None:
            raise ValueError("the folder has no ranges such as 00000.txt in it")
        try:
            holds(_read(first), "")
        except ValueError as error:
            raise ValueError(f"{first.name} in the folder is {error}; lines are SUFFIX:COUNT") from error

    def __str__(self) -> str:
        return f"the ranges in {self._path}"

    def knows(self, password: str) -> bool:
        prefix, suffix = cut(password)
        try:
            return any(
                holds(_read(file), suffix)
                for file in (self._path / f"{prefix}.txt", self._path / prefix)
                if file.exists()
            )
        except (OSError, ValueError) as error:
            # The file's name is a part of the password's hash, which belongs into no log; str(error) has it.
            log.warning("breach_list_unreadable", extra={"cause": type(error).__name__})
            return False


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LONGEST_RANGE + 1)
