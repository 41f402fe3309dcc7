"""The audit trail, to read and to take along."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.admin.cells import RUN_BY_SPREADSHEETS, cell, table
from tests.admin.people import Staff, events
from tests.support.people import ADDRESS, VISIT, add_reader
from tests.support.service import Service

KINDS = re.compile(r"<code>([a-z_.]+)</code>")
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


def kinds(page: str) -> list[str]:
    return KINDS.findall(page)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_it_has_the_newest_first_and_links_to_accounts(staff: Staff, service: Service) -> None:
    reader = add_reader(service)
    page = staff.get("/admin/audit").text
    assert kinds(page)[0] == "user.created"
    assert f'href="/admin/users/{reader.id}"' in page


def test_it_is_filtered_by_exact_kind_and_by_account(staff: Staff, service: Service) -> None:
    reader = add_reader(service)
    service.client().post("/api/v1/login", {"email": ADDRESS, "password": "not this one"})
    assert set(kinds(staff.get("/admin/audit?kind=user.created").text)) == {"user.created"}
    assert kinds(staff.get("/admin/audit?kind=user").text) == []
    assert kinds(staff.get(f"/admin/audit?account={reader.id}").text) == ["login.failed", "user.created"]
    both = staff.get(f"/admin/audit?account={reader.id}&kind=login.failed").text
    assert kinds(both) == ["login.failed"]
    looked = events(service, "audit.viewed", reader.id)
    assert [one.data for one in looked] == [{"by": str(staff.user.id)}] * 2


def test_an_event_names_who_of_the_staff_did_it(staff: Staff, service: Service) -> None:
    reader = add_reader(service)
    staff.get(f"/admin/users/{reader.id}")
    page = staff.get("/admin/audit?kind=user.viewed").text
    assert f'by <a href="/admin/users/{staff.user.id}">{staff.user.id}</a>' in page
    assert "amr: pwd" in staff.get("/admin/audit?kind=session.created").text


@pytest.mark.case("ADM-07", "INJ-11")
@pytest.mark.parametrize(
    "query", ["kind=user.%25", "kind=%27", "kind=%00", "account=x", "account=%00", "kind=A", "cursor=x"]
)
def test_what_cannot_be_asked_is_refused(staff: Staff, query: str) -> None:
    answer = staff.get(f"/admin/audit?{query}")
    assert answer.status_code == 422
    assert kinds(answer.text) == []


def test_pages_follow_each_other_without_a_gap(staff: Staff, service: Service) -> None:
    for number in range(60):
        add_reader(service, f"reader{number}@example.org", password=None)
    path, seen = "/admin/audit?kind=user.created", 0
    while path:
        page = staff.get(path).text
        seen += len(kinds(page))
        older = re.search(r'href="(/admin/audit\?[^"]*cursor=[^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == 61  # and staff themselves


def test_the_download_has_what_the_page_has_and_is_audited(staff: Staff, service: Service) -> None:
    reader = add_reader(service)
    answer = staff.get("/admin/audit.csv?kind=user.created")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    head, *listed = rows(answer.text)
    assert head == ["at", "id", "kind", "account", "ip", "agent", "by", "data"]
    assert [row[3] for row in listed] == [str(reader.id), str(staff.user.id)]
    assert listed[0][4:7] == [VISIT.ip, VISIT.agent, "staff"]
    (taken,) = events(service, "audit.exported")
    assert taken.data == {"by": str(staff.user.id), "events": 2}


def test_a_long_download_is_whole(staff: Staff, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.flows.staff_desk.PAGE", 7)
    for number in range(20):
        add_reader(service, f"reader{number}@example.org", password=None)
    assert len(rows(staff.get("/admin/audit.csv?kind=user.created").text)) == 1 + 21
    monkeypatch.setattr("service.flows.staff_desk.MOST_EXPORTED", 14)
    assert len(rows(staff.get("/admin/audit.csv?kind=user.created").text)) == 1 + 14


@pytest.mark.case("INJ-07")
@pytest.mark.parametrize("agent", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)"])
def test_a_browser_that_calls_itself_a_formula_is_a_text(staff: Staff, service: Service, agent: str) -> None:
    browser = service.client()
    browser.headers |= {"User-Agent": agent}
    browser.post("/api/v1/login", {"email": ADDRESS, "password": "not this one"})
    _, row = rows(staff.get("/admin/audit.csv?kind=login.failed").text)
    assert row[5] == f"'{agent}"


@pytest.mark.case("INJ-07")
@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_begins_a_formula(formula: str) -> None:
    assert cell(formula) == f"'{formula}"
    assert cell(f" {formula}") == f" {formula}"


@pytest.mark.case("INJ-07")
@pytest.mark.parametrize("agent", ["x;=cmd|' /C calc'!A0;y", ";@SUM(A1)", 'x; "+1', "x;;-1"])
def test_no_cell_begins_a_formula_where_semicolons_part_them(agent: str) -> None:
    written = table(["at", "agent", "by"], [["2026-11-27", agent, "staff"]])
    cells = [text for row in csv.reader(io.StringIO(written), delimiter=";") for text in row]
    assert len(cells) > 2
    assert not any(text.strip(' "').startswith(RUN_BY_SPREADSHEETS) for text in cells)


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), min_size=1))
def test_a_table_reads_as_it_was_written(written: list[list[str]]) -> None:
    read = rows(table(["head"], written))[1:]
    assert read == [[cell(text) for text in row] for row in written]
    assert not any(text.startswith(RUN_BY_SPREADSHEETS) for row in read for text in row)


def test_a_download_that_cannot_be_asked_leads_to_the_page_that_says_why(staff: Staff) -> None:
    answer = staff.get("/admin/audit.csv?account=x")
    assert answer.headers["Location"] == "/admin/audit?account=x"
    assert staff.browser.follow(answer).status_code == 422
