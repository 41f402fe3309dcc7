"""The pinned libraries are past the advisories we know of."""

import re
from pathlib import Path

import pytest
from packaging.version import Version

PINNED = (Path(__file__).parents[1] / "requirements" / "base.txt").read_text(encoding="utf-8")
# The first versions without the holes that were published when this was written.
FLOORS = {
    "authlib": "1.7.1",  # CVE-2025-61920, CVE-2025-62706
    "email-validator": "2.2.0",  # judges addresses again after normalising
    "flask": "3.1.3",
    "itsdangerous": "2.2.0",
    "werkzeug": "3.1.6",
}


@pytest.mark.case("SEC-10")
@pytest.mark.parametrize("name", sorted(FLOORS))
def test_a_library_is_newer_than_its_known_holes(name: str) -> None:
    versions = re.findall(rf"^{name}==([\w.]+)", PINNED, re.MULTILINE)
    assert versions
    assert all(Version(version) >= Version(FLOORS[name]) for version in versions)


@pytest.mark.case("SEC-10")
def test_every_library_is_pinned_with_hashes() -> None:
    entries = re.split(r"^(?=[a-z])", PINNED, flags=re.MULTILINE)[1:]
    assert len(entries) > 40
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
