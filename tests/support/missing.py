"""What some tests need of a machine that `make test` cannot always install, and which tests those are."""

from collections.abc import Callable

from tests.support import apache, node

Here = Callable[[], bool]
NEEDS: dict[str, tuple[Here, tuple[str, ...]]] = {
    "Node 20.19 and npm": (
        node.available,
        ("tests/browser/test_certified_client.py", "tests/recipes/test_express.py"),
    ),
    "Apache with mod_auth_openidc": (apache.available, ("tests/recipes/test_apache.py",)),
}


def tests_in(folder: str) -> list[str]:
    """The files of one folder under `tests` that this machine cannot run, for its `collect_ignore`."""
    start = f"tests/{folder}/"
    missing = [test for here, tests in NEEDS.values() if not here() for test in tests]
    return [test.removeprefix(start) for test in missing if test.startswith(start)]
