"""Pytest plug-in for `@pytest.mark.case("RST-39")`: counts the security cases that passed tests cover.

`pytest --cases` lists every case with its tests and runs nothing.
"""

import re
from collections import defaultdict
from collections.abc import Generator

import pytest

CASE_ID = re.compile(r"[A-Z]{3}-\d{2,3}")
TESTS_BY_CASE = pytest.StashKey[dict[str, list[str]]]()
FAILED = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cases", action="store_true", help="list the security cases with their tests, run nothing"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tests_by_case: dict[str, list[str]] = defaultdict(list)
    for item in items:
        for mark in item.iter_markers("case"):
            for case in mark.args:
                if not CASE_ID.fullmatch(case):
                    raise pytest.UsageError(f"{item.nodeid}: {case!r} is not a case id such as RST-39")
                tests_by_case[case].append(item.nodeid)
    config.stash[TESTS_BY_CASE] = tests_by_case
    config.stash[FAILED] = set()
    if config.getoption("cases"):
        items.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not report.passed:
        item.config.stash[FAILED].add(item.nodeid)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tests_by_case = config.stash.get(TESTS_BY_CASE, {})
    failed = config.stash.get(FAILED, set())
    if config.getoption("cases"):
        for case in sorted(tests_by_case):
            terminalreporter.write_line(case, bold=True)
            for test in sorted(set(tests_by_case[case])):
                terminalreporter.write_line(f"  {test}")
    covered = [case for case, tests in tests_by_case.items() if not failed.intersection(tests)]
    if tests_by_case:
        terminalreporter.write_line(
            f"Security cases covered: {len(covered)} of {len(tests_by_case)} with a test"
        )
