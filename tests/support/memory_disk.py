"""Pytest plug-in: temporary files in memory, where the system has room there.

No test can cut the power, so nothing is learnt from waiting for a disk at each of some ten thousand commits.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3  # bytes


def pytest_configure(config: pytest.Config) -> None:
    """Choose the folder for this process and its children; `TMPDIR` has the last word."""
    if "TMPDIR" not in os.environ and has_room(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # chosen anew


def has_room(folder: Path) -> bool:
    """Whether programs may be started from there, and there is room for a whole run."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    return not os.statvfs(folder).f_flag & os.ST_NOEXEC and shutil.disk_usage(folder).free >= ROOM
