"""Lists of passwords that attackers know, each behind `BreachList`: a file, a folder, a service."""

from pathlib import Path

from service.adapters.breach.password_file import PasswordFile
from service.adapters.breach.range_folder import RangeFolder


def open_blocklist(path: Path) -> PasswordFile | RangeFolder:
    """Return the operator's own list. Raises `ValueError` saying what is wrong with it."""
    try:
        return RangeFolder(path) if path.is_dir() else PasswordFile(path)
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from error
