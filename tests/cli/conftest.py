"""Commands run the way `flask --app wsgi` runs them, inside this process."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from tests.support.service import Service

Run = Callable[..., Result]


@pytest.fixture
def run(service: Service) -> Run:
    """`run("users", "create", "a@example.org", stdin="password\\n")` on either database."""
    return runner(service)


def runner(service: Service) -> Run:
    def run_command(*arguments: str, stdin: str | None = None) -> Result:
        with service.app.app_context():  # as the `flask` program does around every command
            return service.app.test_cli_runner().invoke(args=list(arguments), input=stdin)

    return run_command


def printed(result: Result) -> Any:
    """The JSON a command printed; fails when it did not succeed or said anything else."""
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)
