"""Bringing readers along: each source's readers sign in with their old password, and nobody else is touched."""

import io
import json
import tracemalloc
from datetime import UTC, datetime
from itertools import chain
from weakref import WeakSet

import pytest

from service.adapters.imports import SOURCES
from service.adapters.imports.firebase import FirebaseExport
from service.core.errors import Unavailable
from service.flows.imports import BATCH, Terms
from service.store.schema import AuditRow, UserRow
from service.store.schema_mail import OutboxTable
from tests.flows.people import (
    ADDRESS,
    PASSWORD,
    code_of,
    count_of,
    everything_stored,
    is_in,
    join,
    letters_to,
    log_in,
    signed_in,
    token_in,
    user_row,
)
from tests.flows.test_signup import confirm
from tests.support.exports import ADA, EXPORTS, ZOE
from tests.support.hashes import FIREBASE_SIGNER_KEY
from tests.support.people import VISIT
from tests.support.webhook_receiver import register

MADE_AT = datetime(2012, 3, 4, 12, 46, 6, tzinfo=UTC)


class Desk:
    """Who imports, and what was refused."""

    def __init__(self, service):
        self.service = service
        self.refused = []

    def run(self, source, export, **terms):
        exported = FirebaseExport(mem_cost=8) if source == "firebase" else SOURCES[source]
        stream = export if isinstance(export, io.BufferedIOBase) else io.BytesIO(export)
        self.refused = []
        return self.service.parts.flows.imports.run(
            exported.read(io.BufferedReader(stream)), Terms(source, **terms), VISIT, tell=self.refused.append
        )

    def codes(self):
        return [(each.number, each.code) for each in self.refused]


@pytest.fixture
def desk(make_service, database):
    return Desk(make_service(database, firebase_signer_key=FIREBASE_SIGNER_KEY))


@pytest.fixture
def small_desk(make_service, sqlite_url):
    """For what no database has a say in."""
    return Desk(make_service(sqlite_url))


@pytest.mark.parametrize("name", EXPORTS)
def test_readers_of_every_source_sign_in_with_their_old_password(desk, name):
    source, export = EXPORTS[name]
    tally = desk.run(source, export, verified=True)
    assert desk.refused == []
    assert (tally.rows, tally.made, tally.without_password, tally.broken) == (2, 2, 1, None)
    ada, zoe = user_row(desk.service, ADA), user_row(desk.service, ZOE)
    assert ada["name"] == ('Ada "L." Lovelace' if source == "drupal" else "Ada Lovelace")
    assert ada["created_at"].replace(microsecond=0, tzinfo=UTC) == MADE_AT
    assert ada["roles"] == (("editor", "author") if name.startswith("our") else ())
    assert ada["email_verified_at"] is not None
    assert ada["disabled_at"] is None
    assert (zoe["name"], zoe["password_hash"]) == (None if source == "auth0" else "Zoë", None)
    assert (zoe["disabled_at"] is not None) == (source != "wordpress")
    assert log_in(desk.service.client(), ADA, "another").status_code == 401
    assert is_in(signed_in(desk.service, ADA))
    assert user_row(desk.service, ADA)["password_hash"].startswith("$argon2id$")
    assert log_in(desk.service.client(), ZOE, PASSWORD).status_code == 401


def test_members_of_ghost_have_no_password(desk):
    export = b"id,email,name,note,created_at\r\n1,ada@example.org,Ada,,2020-05-01T10:00:00.000Z\r\n"
    assert desk.run("ghost", export).without_password == 1


def test_an_address_is_proven_only_where_the_source_or_the_operator_says_so(desk):
    source, export = EXPORTS["WordPress"]
    desk.run(source, export)
    answer = log_in(desk.service.client(), ADA)
    assert (answer.status_code, code_of(answer)) == (403, "email_unverified")
    desk.run("jsonl", b'{"email": "no@example.org", "email_verified": false}\n', verified=True)
    assert user_row(desk.service, "no@example.org")["email_verified_at"] is None


def test_an_unproven_reader_confirms_the_address_once_and_keeps_the_password(desk):
    desk.run(*EXPORTS["WordPress"])
    browser = desk.service.client()
    assert code_of(log_in(browser, ADA)) == "email_unverified"
    assert confirm(browser, token_in(letters_to(desk.service, ADA)[-1], "/signup/confirm")).status_code == 201
    assert is_in(browser)
    assert is_in(signed_in(desk.service, ADA))
    assert user_row(desk.service, ADA)["password_hash"].startswith("$argon2id$")
    assert log_in(desk.service.client(), ADA, "another").status_code == 401


def test_nobody_is_written_to_and_the_trail_says_who_made_the_accounts(desk):
    source, export = EXPORTS["Ghost"]
    desk.run(source, export)
    assert count_of(desk.service, OutboxTable) == 0
    with desk.service.parts.store.engine.connect() as connection:
        rows = connection.execute(AuditRow.__table__.select().order_by(AuditRow.id)).all()
    assert [row.kind for row in rows] == ["user.created", "user.created", "user.disabled"]
    assert rows[0].data == {"by": "import", "source": "ghost"}
    assert rows[0].at.replace(tzinfo=UTC) > MADE_AT.replace(year=2024)


def test_services_are_told_of_new_readers(desk, receiver):
    register(desk.service, receiver)
    desk.run(*EXPORTS["Ghost"])
    desk.service.deliver()
    told = [json.loads(call.body) for call in receiver.calls]
    assert sorted(event["type"] for event in told) == ["user.created", "user.created", "user.disabled"]


def test_an_import_run_again_makes_nothing_twice_and_changes_nothing(desk):
    desk.run(*EXPORTS["WordPress"], verified=True)
    assert is_in(signed_in(desk.service, ADA))
    before = user_row(desk.service, ADA), user_row(desk.service, ZOE), count_of(desk.service, AuditRow)
    tally = desk.run(*EXPORTS["WordPress"])
    assert (tally.made, tally.already_here, tally.refused) == (0, 2, 0)
    after = user_row(desk.service, ADA), user_row(desk.service, ZOE), count_of(desk.service, AuditRow)
    assert after == before


def test_who_is_here_by_another_way_is_refused_and_stays(desk):
    join(desk.service, ADA)
    before = user_row(desk.service, ADA)
    tally = desk.run(
        "jsonl", b'{"email": "ADA@Example.org", "roles": ["admin"]}\n{"email": "new@example.org"}\n'
    )
    assert (tally.made, tally.already_here, tally.refused) == (1, 0, 1)
    assert [(each.number, each.email, each.code) for each in desk.refused] == [
        (1, "ADA@Example.org", "email_taken")
    ]
    assert user_row(desk.service, ADA) == before


def test_an_address_twice_in_an_export_is_one_account(desk):
    rows = b'{"email": "ada@example.org", "name": "First"}\n{"email": "Ada@example.org", "name": "Second"}\n'
    tally = desk.run("jsonl", rows)
    assert (tally.made, tally.already_here, tally.refused) == (1, 1, 0)
    assert user_row(desk.service, ADA)["name"] == "First"


def test_a_dry_run_judges_and_changes_nothing(desk):
    join(desk.service)
    before = everything_stored(desk.service)
    rows = f'{{"email": "{ADA}"}}\n{{"email": "nobody"}}\n{{"email": "{ADDRESS}"}}\n{{"email": "{ADA}"}}\n'
    tally = desk.run("jsonl", rows.encode(), dry_run=True)
    assert (tally.rows, tally.made, tally.already_here, tally.refused) == (4, 1, 1, 2)
    assert sorted(desk.codes()) == [(2, "invalid_email"), (3, "email_taken")]
    assert everything_stored(desk.service) == before


def test_an_unknown_hash_is_refused_or_left_behind(desk):
    row = json.dumps({"email": ADA, "password_hash": "$2y$15$" + "a" * 53}).encode()
    assert desk.run("jsonl", row).refused == 1
    assert desk.codes() == [(1, "unsupported_hash")]
    tally = desk.run("jsonl", row, without_unknown_passwords=True)
    assert (tally.made, tally.without_password) == (1, 1)
    assert user_row(desk.service, ADA)["password_hash"] is None


def test_firebase_needs_its_key_before_hashes_are_taken(small_desk):
    small_desk.run(*EXPORTS["Firebase"])
    assert small_desk.codes() == [(1, "unsupported_hash")]


JSON_ROWS = {
    "nonsense": (b"nonsense", "invalid_json"),
    "no object": (b'["a@example.org"]', "invalid_json"),
    "deep": (b"[" * 60_000, "invalid_json"),
    "no UTF-8": (b'{"email": "\xff@example.org"}', "invalid_utf8"),
    "too long": (b'{"email": "a@example.org", "name": "' + b"x" * 65_536 + b'"}', "line_too_long"),
    "no address": (b"{}", "invalid_email"),
    "an address that is none": (b'{"email": "nobody"}', "invalid_email"),
    "an international address": ('{"email": "josé@example.org"}'.encode(), "invalid_email"),
    "half a character": (b'{"email": "\\ud800@example.org"}', "invalid_email"),
    "a number as address": (b'{"email": 7}', "invalid_type"),
    "a name with directions": (b'{"email": "a@example.org", "name": "a\\u202eb"}', "invalid_text"),
    "a name with half a character": (b'{"email": "a@example.org", "name": "\\ud800"}', "invalid_text"),
    "a long name": (b'{"email": "a@example.org", "name": "%s"}' % (b"x" * 101), "name_too_long"),
    "a language that is none": (b'{"email": "a@example.org", "locale": "Klingon"}', "invalid_locale"),
    "a role with a slash": (b'{"email": "a@example.org", "roles": ["a/b"]}', "invalid_role"),
    "roles that are none": (b'{"email": "a@example.org", "roles": [7]}', "invalid_type"),
    "neither yes nor no": (b'{"email": "a@example.org", "email_verified": "maybe"}', "invalid_type"),
    "a day that is none": (b'{"email": "a@example.org", "created_at": "2012-02-30"}', "invalid_instant"),
    "without an offset": (
        b'{"email": "a@example.org", "created_at": "2012-02-03T10:00:00"}',
        "invalid_instant",
    ),
    "tomorrow": (b'{"email": "a@example.org", "created_at": "2999-01-01T00:00:00Z"}', "invalid_instant"),
    "before computers": (
        b'{"email": "a@example.org", "created_at": "0001-01-01T00:00:00Z"}',
        "invalid_instant",
    ),
    "a field nobody knows": (b'{"email": "a@example.org", "password": "plain"}', "unknown_field"),
}


@pytest.mark.parametrize("name", JSON_ROWS)
def test_a_bad_row_is_named_by_its_line_and_takes_no_other_with_it(small_desk, name):
    row, code = JSON_ROWS[name]
    export = b'{"email": "%s"}\n\n%s\n{"email": "%s"}\n' % (ADA.encode(), row, ZOE.encode())
    tally = small_desk.run("jsonl", export)
    assert (tally.rows, tally.made, tally.refused, tally.broken) == (3, 2, 1, None)
    assert small_desk.codes() == [(3, code)]
    assert user_row(small_desk.service, ZOE) is not None


CSV_ROWS = {
    "no UTF-8": (b"z\xff@example.org,Z", 2, 1, "invalid_utf8"),
    "one column": (b"z@example.org", 2, 1, "wrong_columns"),
    "three columns": (b"z@example.org,Z,Z", 2, 1, "wrong_columns"),
    "a quote within": (b'z@example.org,"Z"oe', 2, 1, "invalid_csv"),
    "too long": (b"z@example.org," + b"x" * 65_536, 2, 1, "line_too_long"),
    "a name over two lines": (b'z@example.org,"Z\noe"', 2, 1, "invalid_text"),
}


@pytest.mark.parametrize("name", CSV_ROWS)
def test_a_bad_line_of_a_table_takes_no_other_with_it(small_desk, name):
    row, line, refused, code = CSV_ROWS[name]
    export = b"email,name\n%s\n%s,Ada\n" % (row, ADA.encode())
    tally = small_desk.run("csv", export)
    assert (tally.made, tally.refused) == (1, refused)
    assert small_desk.codes() == [(line, code)]
    assert user_row(small_desk.service, ADA)["name"] == "Ada"


def test_a_quote_that_never_ends_is_told_with_the_lines_it_swallowed(small_desk):
    export = b'email,name\nada@example.org,Ada\nbad@example.org,"never\n' + b"zoe@example.org,Zoe\n" * 3
    tally = small_desk.run("csv", export)
    assert (tally.made, tally.refused) == (1, 1)
    assert small_desk.codes() == [(3, "invalid_csv")]
    assert "line 3 to 6" in small_desk.refused[0].message


@pytest.mark.parametrize("delimiter", [b",", b";"])
def test_columns_come_in_any_order_and_case(small_desk, delimiter):
    rows = [b" Name , EMAIL", b'"Ada, or ""Countess""; 1815",ada@example.org']
    if delimiter == b";":
        rows = [b"Name;EMAIL", b'"Ada, or ""Countess""; 1815";ada@example.org']
    assert small_desk.run("csv", b"\r\n".join(rows)).made == 1
    assert user_row(small_desk.service, ADA)["name"] == 'Ada, or "Countess"; 1815'


UNREADABLE = {
    "nothing": ("csv", b"", "first line"),
    "no column of addresses": ("csv", b"mail,name\n", "missing: email. Here are: mail, name"),
    "a column nobody knows": ("csv", b"email,password\n", "nobody knows: password"),
    "a column twice": ("csv", b"email,Email\n", "same name"),
    "no column of passwords": ("wordpress", b"user_email,roles\n", "missing: user_pass"),
    "UTF-16": ("csv", "email,name\n".encode("utf-16"), "UTF-16"),
    "no JSON": ("firebase", b"email,name\n", "broken"),
    "half a document": ("firebase", b'{"users": [{"email": "ada@exam', "broken"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_export_is_said_and_shows_none_of_it(small_desk, name):
    source, export, said = UNREADABLE[name]
    tally = small_desk.run(source, export)
    assert tally.rows == 0
    assert said in tally.broken
    assert "ada@" not in tally.broken


def test_what_came_before_the_break_is_kept(desk):
    source, export = EXPORTS["Firebase"]
    padding = json.dumps([{"email": f"reader{number}@example.org"} for number in range(3000)]).encode()[1:-1]
    broken = export.replace(b'{"users": [', b'{"users": [' + padding + b", ").rstrip(b"}")[:-20]
    tally = desk.run(source, broken)
    assert "breaks off after record" in tally.broken
    assert tally.made == tally.rows > 0
    assert count_of(desk.service, UserRow) == tally.made


def test_an_interrupted_import_keeps_whole_batches_and_goes_on(desk, monkeypatch):
    rows = b"".join(b'{"email": "reader%d@example.org"}\n' % number for number in range(2 * BATCH + 7))
    keep, calls = type(desk.service.parts.flows.imports).keep, []

    def away(*arguments):
        calls.append(1)
        if len(calls) > 1:
            raise Unavailable
        return keep(*arguments)

    monkeypatch.setattr("service.flows.trying_again.PAUSE", 0)
    with monkeypatch.context() as broken:
        broken.setattr(type(desk.service.parts.flows.imports), "keep", away)
        with pytest.raises(Unavailable):
            desk.run("jsonl", rows)
    assert count_of(desk.service, UserRow) == BATCH
    tally = desk.run("jsonl", rows)
    assert (tally.made, tally.already_here) == (BATCH + 7, BATCH)
    assert count_of(desk.service, UserRow) == tally.rows == 2 * BATCH + 7


class Endless(io.RawIOBase):
    """An export of any length that is nowhere whole."""

    def __init__(self, head, rows, tail=b""):
        self.rest = chain([head], rows, [tail])
        self.left, self.given = b"", 0

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self.left:
            try:
                self.left = next(self.rest)
            except StopIteration:
                return 0
        taken = min(len(buffer), len(self.left))
        buffer[:taken], self.left = self.left[:taken], self.left[taken:]
        self.given += taken
        return taken


MANY = 50_000
LONG = {
    "csv": lambda: Endless(
        b"email,name\n", (b"reader%d@example.org,%s\n" % (each, b"x" * 90) for each in range(MANY))
    ),
    "firebase": lambda: Endless(
        b'{"users": [{"email": "first@example.org"}',
        (b', {"email": "reader%d@example.org", "x": "%s"}' % (each, b"x" * 90) for each in range(MANY - 1)),
        b"]}",
    ),
}


@pytest.mark.parametrize("source", LONG)
def test_a_long_export_is_never_in_memory(small_desk, source):
    stream, alive, most = LONG[source](), WeakSet(), 0

    def watched():
        nonlocal most
        for row in SOURCES[source].read(io.BufferedReader(stream)):
            alive.add(row)
            most = max(most, len(alive))
            assert stream.given < row.number * 170 + 300_000
            yield row

    imports = small_desk.service.parts.flows.imports
    tally = imports.run(watched(), Terms(source, dry_run=True), VISIT, tell=print)
    assert (tally.made, tally.refused) == (MANY, 0)
    assert stream.given > 5_000_000
    assert most <= 2 * BATCH


BOUNDED = {
    "depth": (b'{"x":' + b"[" * 300_000, "within each other"),
    "text": (b'{"x":"' + b"a" * 2_000_000, "a text of more than"),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_a_document_that_would_fill_the_memory_is_not_read_on(small_desk, monkeypatch, name):
    monkeypatch.setattr("service.adapters.imports.documents.LONGEST_TEXT", 1_000_000)
    export, words = BOUNDED[name]
    tracemalloc.start()
    tally = small_desk.run("firebase", export)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert words in tally.broken
    assert most < 20_000_000


def test_what_should_be_yes_or_no_may_be_anything(small_desk):
    deep = "[" * 90 + "]" * 90
    export = f'{{"users":[{{"email":"{ADA}","emailVerified":{deep}}},{{"email":"{ZOE}"}}]}}'
    assert small_desk.run("firebase", export.encode()).made == 1
    assert small_desk.codes() == [(1, "invalid_type")]


def test_a_record_of_a_table_that_never_ends_is_not_kept(small_desk):
    export = b'email,name\n"x' + b'y","z\n' * 400_000
    tracemalloc.start()
    tally = small_desk.run("csv", export)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert tally.made == 0
    assert {code for _, code in small_desk.codes()} == {"invalid_csv"}
    assert most < 40_000_000


@pytest.mark.parametrize("field", ["email", "name", "locale", "password_hash", "roles", "created_at"])
@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_what_no_database_keeps_is_refused_in_every_field(desk, field, text):
    whole = {
        "email": ADA,
        "name": "Ada",
        "locale": "en",
        "password_hash": "pbkdf2_sha256$1$salt$" + "A" * 43 + "=",
        "roles": "editor",
        "created_at": "2012-03-04T12:46:06Z",
    }
    bad = whole | {field: whole[field].replace(whole[field][-2:], text + whole[field][-2:])}
    in_salt = whole | {"password_hash": f"pbkdf2_sha256$1${text}$" + "A" * 43 + "="}
    rows = [bad, in_salt, whole]
    tally = desk.run("jsonl", "\n".join(map(json.dumps, rows)).encode())
    assert (tally.made, tally.refused) == (1, 2)
