"""`flask migrate`: to the newest schema, as often as one likes."""

from collections.abc import Callable
from pathlib import Path

from service.store.migrations import newest_revision
from tests.cli.conftest import runner
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
    assert "127.0.0.1" in result.stderr
    assert "Traceback" not in result.output
