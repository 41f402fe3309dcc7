"""What some tests need of a machine beside what pip brings, and which tests those are.

`python -m tests.support.missing` installs what Debian has: as root, and only programs, no service that starts. What is
missing then is named at the end of the tests.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from tests.support import apache, node


@dataclass(frozen=True)
class Need:
    """A program, how to see whether it is here, the tests that want it, and Debian's packages of it."""

    name: str
    is_here: Callable[[], bool]
    tests: tuple[str, ...]
    packages: tuple[str, ...] = ()


NEEDS = (
    Need(
        "Node 20.19 and npm",
        node.available,
        ("tests/browser/test_certified_client.py", "tests/recipes/test_express.py"),
    ),
    Need("PHP", lambda: shutil.which("php") is not None, ("tests/recipes/test_wordpress.py",), ("php-cli",)),
    Need(
        "Apache with mod_auth_openidc",
        apache.available,
        ("tests/recipes/test_apache.py",),
        ("apache2-bin", "libapache2-mod-auth-openidc"),
    ),
)


def missing() -> list[Need]:
    """What this machine has not."""
    return [need for need in NEEDS if not need.is_here()]


def tests_in(folder: str) -> list[str]:
    """The files of one folder under `tests` that this machine cannot run, for its `collect_ignore`."""
    start = f"tests/{folder}/"
    unrunnable = [test for need in missing() for test in need.tests]
    return [test.removeprefix(start) for test in unrunnable if test.startswith(start)]


def main() -> None:
    """Install what is missing, where that is allowed."""
    wanted = [need for need in missing() if need.packages]
    if not wanted or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing from Debian: {', '.join(need.name for need in wanted)}", flush=True)
    packages = [package for need in wanted for package in need.packages]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "-q=2", "-y", *arguments], env=environment, check=False)


if __name__ == "__main__":
    main()
