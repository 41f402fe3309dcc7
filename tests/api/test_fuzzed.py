"""Machine-made requests to the real server, by what `/openapi.json` says: no error of ours, no answer it does not know.

A short run of fixed chances here; `make fuzz` makes it long, and each time another.
"""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.issuer import IssuerServer
from tests.support.live import LiveService
from tests.support.people import ADDRESS, PASSWORD, add_reader
from tests.support.service import Service

EXAMPLES = int(os.environ.get("FUZZ", "1"))
SEED = random.SystemRandom().randrange(2**32) if "FUZZ" in os.environ else 1
# What a schema cannot tell: that a text must be an address, a genuine token, a password hard to guess.
UNTOLD = "positive_data_acceptance"
# What needs a session, without what ends the one in use or gives it a new secret.
SIGNED_IN = r"/api/v1/(me|me/.*|session|email/change|password/change)$"


def attack(site: LiveService, folder: Path, *options: str) -> None:
    """Let Schemathesis loose on the service; what it remembers stays in a folder. Fails with its report."""
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "run", f"{site.url}/openapi.json"]
    command += ["--header", f"Origin: {site.url}", "--phases", "coverage,fuzzing"]
    command += ["--seed", str(SEED), "--max-examples", str(EXAMPLES), "--generation-database", "none"]
    command += ["--exclude-checks", UNTOLD, "--warnings", "off", "--continue-on-failure", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout


@pytest.mark.case("WEB-02", "INJ-03")
def test_no_request_upsets_the_service_or_gets_an_answer_that_is_not_described(
    make_service: Callable[..., Service],
    live: Callable[..., LiveService],
    sqlite_url: str,
    google: IssuerServer,
    tmp_path: Path,
) -> None:
    add_reader(make_service(sqlite_url))
    site = live(
        sqlite_url,
        rate_limit_scale=1_000_000,
        mail_events_postmark_secret="the-secret-of-postmark",
        **google.settings,
    )
    attack(site, tmp_path)

    with site.client() as reader:
        signed_in = reader.post("/api/v1/login", json={"email": ADDRESS, "password": PASSWORD})
        assert signed_in.status_code == 200
        cookies = "; ".join(f"{name}={value}" for name, value in reader.cookies.items())
        attack(
            site,
            tmp_path,
            *("--header", f"Cookie: {cookies}", "--generation-with-security-parameters", "false"),
            *("--include-path-regex", SIGNED_IN),
        )
        assert reader.get("/api/v1/session").status_code == 200
    assert "Traceback" not in site.log()
