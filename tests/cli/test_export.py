"""`flask users export`: every account once, hashes only on demand, and an import takes it back."""

import json

from sqlalchemy import select

from service.flows import exports
from service.store.schema import AuditRow
from tests.cli.conftest import Run, printed, runner
from tests.support.people import ADDRESS, PASSWORD, add_reader, signed_in
from tests.support.service import Service

FIELDS = ["email", "name", "locale", "roles", "email_verified", "created_at", "disabled"]


def rows_of(run: Run, *options: str) -> list[dict]:
    result = run("users", "export", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_account_is_a_line_once_across_pages(service: Service, run: Run, monkeypatch) -> None:
    monkeypatch.setattr(exports, "PAGE", 3)
    assert rows_of(run) == []
    addresses = [f"reader{number}@example.org" for number in range(7)]
    for address in addresses:
        add_reader(service, address, None, name="Zoë", roles=["editor"], locale="de")
    rows = rows_of(run)
    assert [row["email"] for row in rows] == addresses
    assert list(rows[0]) == FIELDS
    assert rows[0] | {"created_at": ""} == {
        "email": addresses[0],
        "name": "Zoë",
        "locale": "de",
        "roles": ["editor"],
        "email_verified": True,
        "created_at": "",
        "disabled": False,
    }


def test_hashes_are_shown_on_demand_alone_and_the_trail_says_so(service: Service, run: Run) -> None:
    user = add_reader(service)
    assert "password_hash" not in rows_of(run)[0]
    assert "argon2" not in run("users", "export").stdout
    assert rows_of(run, "--with-hashes")[0]["password_hash"] == user.password_hash
    with service.parts.store.engine.connect() as connection:
        events = select(AuditRow.data).where(AuditRow.kind == "users.exported").order_by(AuditRow.id)
        told = list(connection.execute(events).scalars())
    assert [event["with_hashes"] for event in told] == [False, False, True]


def test_what_is_exported_can_be_imported(make_service, sqlite_url, postgres_url, tmp_path) -> None:
    here, there = make_service(sqlite_url), make_service(postgres_url)
    user = add_reader(here, name="Zoë", roles=["editor"])
    runner(here)("users", "disable", str(add_reader(here, "gone@example.org").id))
    exported = runner(here)("users", "export", "--with-hashes").stdout
    told = printed(
        runner(there)(
            *("users", "import", "-", "--from", "jsonl", "--json", "--report", str(tmp_path / "report")),
            stdin=exported,
        )
    )
    assert (told["made"], told["refused"]) == (2, 0)
    assert runner(there)("users", "export", "--with-hashes").stdout == exported
    session = signed_in(there, ADDRESS, PASSWORD).get("/api/v1/session").json["user"]
    assert (session["name"], session["roles"]) == (user.name, ["editor"])
