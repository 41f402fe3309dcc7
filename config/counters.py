"""Counters that several web processes share: a folder of small files, as Prometheus' client library has it."""

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def share(processes: int) -> None:
    """Make the folder when there is more than one process; a folder somebody else named is theirs."""
    if processes > 1 and FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="masthead-counters-")
        atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)


def forget_ended() -> None:
    """Take out what processes that have ended said of the present; what they counted stays."""
    if FOLDER in os.environ:
        for said in Path(os.environ[FOLDER]).glob("gauge_live*.db"):
            if not _alive(int(said.stem.rpartition("_")[2])):
                said.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, 0)
        return True
    return False
