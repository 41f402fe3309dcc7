"""Starting with settings that cannot be used: a refusal people can act on, not a stack trace."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.app import create_app
from tests.config.test_settings import GOOD, KEY
from tests.support.environment import process_environment
from tests.support.live import ROOT


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "doctor"]
    environment = process_environment({f"AUTH_{name.upper()}": text for name, text in variables.items()})
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.case("FLT-37", "SEC-01")
def test_a_service_that_lost_its_environment_refuses_to_start() -> None:
    done = start()
    assert done.returncode == 1
    assert "AUTH_SECRET_KEYS: set at least one key" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "secret"),
    [
        ("AUTH_RATE_LIMITS", "nobody_knows_this=10/minute", KEY),
        ("AUTH_MAIL_URLS", "smtps://user:hunter2@mail.example.org?tls=maybe", "hunter2"),
        ("AUTH_MAIL_URLS", "smtps://user:hunter2@mail.example.org:port", "hunter2"),
        ("AUTH_DATABASE_URL", "postgresql://user:hunter2@localhost:port/masthead", "hunter2"),
        ("AUTH_REDIS_URL", "redis://:hunter2@localhost:port", "hunter2"),
        ("AUTH_PASSWORD_BLOCKLIST", "/no/such/list", KEY),
    ],
)
def test_what_only_a_part_can_judge_ends_the_start_with_its_name(
    variable: str, value: str, secret: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, text in (GOOD | {"AUTH_DATABASE_URL": f"sqlite:///{tmp_path}/m.db", variable: value}).items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SystemExit) as ended:
        create_app()
    assert variable in str(ended.value.code)
    assert secret not in str(ended.value.code)
    assert KEY not in str(ended.value.code)
