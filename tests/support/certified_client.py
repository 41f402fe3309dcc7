"""A relying party nobody here wrote: npm's `openid-client` (certified by the OpenID Foundation), run by Node."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support import node
from tests.support.live import ROOT
from tests.support.processes import end_group

SCRIPT = ROOT / "tests" / "oidc" / "certified" / "party.mjs"


@contextmanager
def certified_party(*, issuer: str, client_id: str, secret: str, port: int) -> Iterator[str]:
    """Run it; gives its address."""
    script = node.installed() / SCRIPT.name  # modules are looked for beside the script
    shutil.copy(SCRIPT, script)
    environment = os.environ | {
        "ISSUER": issuer,
        "CLIENT_ID": client_id,
        "CLIENT_SECRET": secret,
        "PORT": str(port),
    }
    command = [str(node.PROGRAM), str(script)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        end_group(process)
