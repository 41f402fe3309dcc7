"""`flask migrate`: to the newest schema, as often as one likes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.store.migrations import newest_revision
from tests.cli.conftest import runner
from tests.support.environment import process_environment, service_environment
from tests.support.live import ROOT
from tests.support.service import Service


def test_migrating_twice_says_the_same_twice(make_service: Callable[..., Service], tmp_path: Path) -> None:
    run = runner(make_service(f"sqlite:///{tmp_path}/new.db"))
    first, second = run("migrate"), run("migrate")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == second.stdout
    assert str(newest_revision()) in first.stdout
    assert run("users", "create", "reader@example.org").exit_code == 0


def test_migrating_what_is_migrated_changes_nothing(service: Service) -> None:
    assert runner(service)("migrate").exit_code == 0
    assert service.client().get("/readyz").status_code == 200


def test_a_database_that_is_away_is_an_error_in_words(make_service: Callable[..., Service]) -> None:
    result = runner(make_service("postgresql://masthead@127.0.0.1:9/masthead"))("migrate")
    assert result.exit_code == 1
    assert "unavailable" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.case("FLT-36")
def test_two_processes_migrate_at_once(tmp_path: Path) -> None:
    variables = service_environment(f"sqlite:///{tmp_path}/new.db", "smtp://127.0.0.1:9")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "migrate"],
            cwd=ROOT,
            env=process_environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        output, trouble = process.communicate(timeout=60)
        assert process.returncode == 0, trouble
        assert str(newest_revision()) in output
