"""The ASVS table is complete, agrees with its own list of what is missing, and names files that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
# How many requirements of levels 1 and 2 each chapter of 5.0.0 has.
CHAPTERS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)
VERDICTS = {"met", "operator's part", "not applicable", "not met"}


def rows() -> Iterator[tuple[str, str]]:
    """Every id with its verdict; a row may stand for several."""
    for line in TABLE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and re.match(r"\d+\.\d", cells[0]):
            yield from ((one, cells[3]) for one in cells[0].split(", "))


def test_every_requirement_has_one_verdict():
    ids = [one for one, _ in rows()]
    assert len(ids) == len(set(ids))
    counts = [sum(one.startswith(f"{chapter}.") for one in ids) for chapter in range(1, 18)]
    assert tuple(counts) == CHAPTERS
    assert {verdict for _, verdict in rows()} == VERDICTS


def test_what_is_not_met_is_said_first():
    first = TABLE.partition("## Not met")[2].partition("## V1 ")[0]
    listed = re.findall(r"^\| (\d+\.\d+\.\d+) \|", first, re.MULTILINE)
    assert listed == [one for one, verdict in rows() if verdict == "not met"]


def test_files_that_speak_for_a_verdict_are_there():
    named = set(re.findall(r"`((?:service|config|tests)/[\w/]+\.py)`", TABLE))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
