"""The pages themselves: each names the test that runs it, the index knows each, and their Python is in order."""

import re
import subprocess
import sys

import pytest

from tests.support.live import ROOT
from tests.support.recipes import PAGES, files_of

NAMES = sorted(page.stem for page in PAGES.glob("*.md") if page.stem != "README")
RULES = "ASYNC,B,C4,E,F,FURB,I,PERF,PIE,RET,RUF100,S,SIM,UP,W"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_which_test_proves_it_and_the_index_leads_there(name):
    assert f"({name}.md)" in (PAGES / "README.md").read_text()
    page = (PAGES / f"{name}.md").read_text()
    proofs = re.findall(r"`(tests/recipes/[\w/]+\.py)`", page)
    assert proofs
    assert [proof for proof in proofs if not (ROOT / proof).exists()] == []


def test_the_python_of_all_recipes_is_well_written(tmp_path):
    for page in NAMES:
        for name, content in files_of(page).items():
            if name.endswith(".py"):
                file = tmp_path / f"of_{page}" / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content)
    ruff = [sys.executable, "-m", "ruff"]
    width = ["--isolated", "--line-length=110"]
    ours = ["--config", "lint.isort.known-first-party=['masthead', 'sign_in']"]
    for command in (["check", "--select", RULES, "--ignore=S105,S310", *ours], ["format", "--diff"]):
        arguments = [*ruff, *command, *width, "."]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
