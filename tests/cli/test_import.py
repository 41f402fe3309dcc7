"""`flask users import`: an export in, accounts and a report of what was refused out."""

import io
import json
import stat
from pathlib import Path

import pytest
from click.testing import Result

from service.cli import imports
from tests.cli.conftest import Run, printed, runner
from tests.support.exports import ADA, EXPORTS, ZOE
from tests.support.hashes import FIREBASE_SIGNER_KEY
from tests.support.people import PASSWORD, add_reader, signed_in
from tests.support.service import Service

MIXED = f'{{"email": "{ADA}"}}\n{{"email": "nobody"}}\nnonsense\n{{"email": "{ZOE}", "name": "Zoë"}}\n'
NOTHING_BROKEN = {"without_password": 0, "already_here": 0, "refused": 0, "broken": None, "dry_run": False}


def saved(folder: Path, export: str | bytes, name: str = "readers") -> Path:
    file = folder / name
    file.write_bytes(export.encode() if isinstance(export, str) else export)
    return file


def reported(place: Path) -> list[dict]:
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", EXPORTS)
def test_every_source_is_imported_and_its_readers_sign_in(make_service, sqlite_url, tmp_path, name) -> None:
    service = make_service(sqlite_url, firebase_signer_key=FIREBASE_SIGNER_KEY)
    source, export = EXPORTS[name]
    file = saved(tmp_path, export)
    more = ["--firebase-mem-cost", "8"] if source == "firebase" else []
    told = printed(
        runner(service)("users", "import", str(file), "--from", source, "--verified", "--json", *more)
    )
    report = tmp_path / "readers.report.jsonl"
    assert told == NOTHING_BROKEN | {"rows": 2, "made": 2, "without_password": 1, "report": str(report)}
    assert reported(report) == []
    assert signed_in(service, ADA, PASSWORD).get("/api/v1/session").status_code == 200


def test_what_is_refused_is_listed_with_its_line_and_the_command_succeeds(
    service: Service, run: Run, tmp_path: Path
) -> None:
    file = saved(tmp_path, MIXED)
    result = run("users", "import", str(file), "--from", "jsonl")
    assert result.exit_code == 0, result.output
    report = tmp_path / "readers.report.jsonl"
    assert [line.split(maxsplit=1) for line in result.stdout.splitlines()[:5]] == [
        ["4", "read"],
        ["2", "new accounts"],
        ["2", "of them without a password"],
        ["0", "already here by an import"],
        ["2", "refused"],
    ]
    assert str(report) in result.stdout
    assert [(row["number"], row["email"], row["field"], row["code"]) for row in reported(report)] == [
        (2, "nobody", "email", "invalid_email"),
        (3, "", "line", "invalid_json"),
    ]
    assert reported(report)[0]["message"] == "Enter a valid email address."
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_run_again_it_counts_what_is_here_apart(service: Service, run: Run, tmp_path: Path) -> None:
    add_reader(service, ZOE)
    file = saved(tmp_path, MIXED)
    first = printed(run("users", "import", str(file), "--from", "jsonl", "--json"))
    again = printed(run("users", "import", str(file), "--from", "jsonl", "--json"))
    assert (first["made"], first["already_here"], first["refused"]) == (1, 0, 3)
    assert (again["made"], again["already_here"], again["refused"]) == (0, 1, 3)
    assert sorted(row["code"] for row in reported(Path(again["report"]))) == [
        *("email_taken", "invalid_email", "invalid_json")
    ]


def test_a_dry_run_says_so_and_makes_no_account(service: Service, run: Run, tmp_path: Path) -> None:
    result = run("users", "import", str(saved(tmp_path, MIXED)), "--from", "jsonl", "--dry-run")
    assert result.exit_code == 0
    assert "dry run" in result.stdout
    assert "2  new accounts" in result.stdout
    with service.parts.store.read() as uow:
        assert uow.users.by_address(ADA) is None


def test_the_log_has_no_line_for_each_account(run: Run, tmp_path: Path, caplog) -> None:
    file = saved(tmp_path, MIXED)
    with caplog.at_level("INFO"):
        printed(run("users", "import", str(file), "--from", "jsonl", "--json"))
        assert "user.created" not in caplog.messages
        assert run("users", "create", "another@example.org").exit_code == 0
    assert caplog.messages.count("user.created") == 1


def test_standard_input_and_a_report_elsewhere(service: Service, run: Run, tmp_path: Path) -> None:
    report = saved(tmp_path, "an earlier report\n", "why.jsonl")
    told = printed(
        run("users", "import", "-", "--from", "jsonl", "--report", str(report), "--json", stdin=MIXED)
    )
    assert (told["made"], told["report"]) == (2, str(report))
    assert len(reported(report)) == 2
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def failed(result: Result, *words: str) -> None:
    assert result.exit_code == 1
    assert all(word in result.stderr for word in words), result.stderr
    assert "Traceback" not in result.output


def test_what_cannot_be_read_at_all_fails(run: Run, tmp_path: Path) -> None:
    failed(run("users", "import", str(saved(tmp_path, "")), "--from", "jsonl"), "no account")
    failed(run("users", "import", str(saved(tmp_path, "a,b\n1,2\n")), "--from", "csv"), "missing: email")
    failed(run("users", "import", str(saved(tmp_path, "{}")), "--from", "ghost"), "no account")
    broken = saved(tmp_path, '{"users": [{"email": "ada@example.org"')
    failed(run("users", "import", str(broken), "--from", "firebase"), "breaks off")


def test_nothing_overwrites_the_export(run: Run, tmp_path: Path) -> None:
    file = saved(tmp_path, MIXED)
    result = run("users", "import", str(file), "--from", "jsonl", "--report", str(file))
    assert result.exit_code == 2
    assert file.read_text() == MIXED
    failed(
        run("users", "import", str(file), "--from", "jsonl", "--report", str(tmp_path / "no" / "where")),
        "cannot be written",
    )


def test_what_another_user_has_put_in_the_report_s_place_is_not_written_to(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, precious = saved(tmp_path, MIXED), saved(tmp_path, "precious", "precious")
    precious.chmod(0o644)
    (tmp_path / "readers.report.jsonl").symlink_to(precious)
    failed(run("users", "import", str(file), "--from", "jsonl"), "cannot be written")
    monkeypatch.setattr("os.geteuid", lambda: precious.stat().st_uid + 1)
    failed(run("users", "import", str(file), "--from", "jsonl", "--report", str(precious)), "another user's")
    assert precious.read_text() == "precious"
    assert stat.S_IMODE(precious.stat().st_mode) == 0o644


def test_a_report_to_nowhere_leaves_nowhere_as_it_is(run: Run, tmp_path: Path) -> None:
    before = Path("/dev/null").stat().st_mode
    file = saved(tmp_path, MIXED)
    try:
        printed(run("users", "import", str(file), "--from", "jsonl", "--json", "--report", "/dev/null"))
        assert Path("/dev/null").stat().st_mode == before
    finally:
        if Path("/dev/null").stat().st_mode != before:
            Path("/dev/null").chmod(stat.S_IMODE(before))


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_moves_to_its_end_on_a_terminal_alone(tmp_path: Path, monkeypatch, terminal: bool) -> None:
    file, screen = saved(tmp_path, b"x" * 500_000), Screen(terminal=terminal)
    monkeypatch.setattr("sys.stderr", screen)
    with imports.opened(str(file)) as stream:
        assert sum(len(part) for part in iter(lambda: stream.read(1000), b"")) == 500_000
    assert ("100%" in screen.getvalue()) == terminal
    assert terminal or screen.getvalue() == ""
