"""Find a Chromium for the browser tests, or install one: `python -m tests.support.browser_setup`.

The system's own is best; as root on Debian its package is installed; else Playwright brings one.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def chromium_path() -> str | None:
    """The Chromium to start: the system's, else Playwright's, else None."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    return bundled if Path(bundled).exists() else None


def install() -> None:
    """Try the system's package manager, then Playwright's download; neither is told to be silent."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Debian's chromium", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in ("update", "install --no-install-recommends chromium"):
            subprocess.run(["apt-get", "-q=2", "-y", *arguments.split()], env=environment, check=False)
    if chromium_path() is None:
        print("Installing Playwright's chromium", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Make sure there is one. Returns the exit status."""
    if chromium_path() is None:
        install()
    if chromium_path() is None:
        print("The browser tests need Chromium: install your system's package `chromium`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
