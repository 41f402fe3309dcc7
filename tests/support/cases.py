"""Pytest plug-in for `@pytest.mark.case("RST-39")`: counts the security cases that passed tests cover.

`pytest --cases` lists every case with its tests and runs nothing.
"""

import re
from collections import defaultdict
from collections.abc import Generator

import pytest

CASE_ID = re.compile(r"[A-Z]{3}-\d{2,3}")
TESTS_BY_CASE = pytest.StashKey[dict[str, list[str]]]()


class Tally:
    """Which cases tests have run for, and which of those failed; reports may come from other processes."""

    def __init__(self) -> None:
        self.run: set[str] = set()
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        cases = getattr(report, "cases", ())
        self.run.update(cases)
        if not report.passed:
            self.failed.update(cases)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cases", action="store_true", help="list the security cases with their tests, run nothing"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tally(), "tally")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tests_by_case: dict[str, list[str]] = defaultdict(list)
    for item in items:
        for case in _cases(item):
            if not CASE_ID.fullmatch(case):
                raise pytest.UsageError(f"{item.nodeid}: {case!r} is not a case id such as RST-39")
            tests_by_case[case].append(item.nodeid)
    config.stash[TESTS_BY_CASE] = tests_by_case
    if config.getoption("cases"):
        items.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    report.cases = _cases(item)  # type: ignore[attr-defined]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("cases"):
        for case, tests in sorted(config.stash[TESTS_BY_CASE].items()):
            terminalreporter.write_line(case, bold=True)
            for test in sorted(set(tests)):
                terminalreporter.write_line(f"  {test}")
    tally = config.pluginmanager.get_plugin("tally")
    if isinstance(tally, Tally) and tally.run:
        covered = len(tally.run - tally.failed)
        terminalreporter.write_line(f"Security cases covered: {covered} of {len(tally.run)} with a test")


def _cases(item: pytest.Item) -> list[str]:
    return [case for mark in item.iter_markers("case") for case in mark.args]
