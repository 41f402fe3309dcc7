"""Packages of npm that tests run, pinned with hashes in `tests/recipes/node` and installed when first needed."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.live import ROOT

PINNED = ROOT / "tests" / "recipes" / "node"
PROGRAM = shutil.which("node")
OLDEST = (20, 19)


def available() -> bool:
    """Whether this machine has npm and a Node that is new enough."""
    if PROGRAM is None or not shutil.which("npm"):
        return False
    told = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = told.strip().removeprefix("v").split(".")
    return tuple(int(number) for number in numbers[:2] if number.isdigit()) >= OLDEST


def installed(pinned: Path = PINNED) -> Path:
    """Return a folder with `node_modules`, as the lock file says; several tests may ask at once."""
    lock = (pinned / "package-lock.json").read_bytes()
    folder = Path(sys.prefix) / "node" / f"{pinned.name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(pinned / name, folder)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
            (folder / "whole").touch()
    return folder
