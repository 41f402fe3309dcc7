"""A relying party nobody here wrote: npm's `openid-client` (certified by the OpenID Foundation), run by Node."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.live import ROOT
from tests.support.processes import end_group

PACKAGE, VERSION = "openid-client", "6.8.9"
SCRIPT = ROOT / "tests" / "oidc" / "certified" / "party.mjs"
FOLDER = Path(sys.prefix) / "node" / f"{PACKAGE}-{VERSION}"


def available() -> bool:
    """Whether this machine has Node and npm."""
    return bool(shutil.which("node") and shutil.which("npm"))


def installed() -> Path:
    """Return the folder the package is in; the first time it is fetched."""
    if not (FOLDER / "node_modules" / PACKAGE / "package.json").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        arguments = ("install", "--no-save", "--no-audit", "--no-fund", f"{PACKAGE}@{VERSION}")
        subprocess.run(["npm", *arguments], cwd=FOLDER, check=True, timeout=120)
    return FOLDER


@contextmanager
def certified_party(*, issuer: str, client_id: str, secret: str, port: int) -> Iterator[str]:
    """Run it; gives its address."""
    script = installed() / SCRIPT.name  # modules are looked for beside the script
    shutil.copy(SCRIPT, script)
    environment = os.environ | {
        "ISSUER": issuer,
        "CLIENT_ID": client_id,
        "CLIENT_SECRET": secret,
        "PORT": str(port),
    }
    command = [str(shutil.which("node")), str(script)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        end_group(process)
