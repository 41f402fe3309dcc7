"""The first staff page: the search finds whole addresses and ids, and what happened lately is there."""

import pytest

from tests.admin.people import Staff
from tests.support.people import ADDRESS, VISIT, add_reader
from tests.support.service import Service


@pytest.mark.parametrize("typed", [ADDRESS, "Reader@Example.org", f"  {ADDRESS} "])
def test_a_whole_address_leads_to_its_account(staff: Staff, service: Service, typed: str) -> None:
    reader = add_reader(service)
    found = staff.browser.get("/admin", query_string={"q": typed})
    assert (found.status_code, found.headers["Location"]) == (303, f"/admin/users/{reader.id}")


def test_a_whole_id_leads_to_its_account(staff: Staff, service: Service) -> None:
    reader = add_reader(service)
    assert staff.get(f"/admin?q={reader.id}").headers["Location"] == f"/admin/users/{reader.id}"


@pytest.mark.case("INJ-11", "ADM-08")
@pytest.mark.parametrize(
    "typed",
    [
        *("reader", "%@example.org", "reader_example.org", "reader@example.%", "*@example.org"),
        *("' OR 1=1 --", "reader@example.org' OR '1'='1", "\0", "_eader@example.org", "x" * 1000),
    ],
)
def test_a_part_or_a_pattern_finds_nobody(staff: Staff, service: Service, typed: str) -> None:
    add_reader(service)
    answer = staff.browser.get("/admin", query_string={"q": typed})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert "SELECT" not in answer.text


@pytest.mark.case("WEB-11")
def test_what_was_searched_for_is_escaped(staff: Staff) -> None:
    page = staff.browser.get("/admin", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&#34;&gt;&lt;script&gt;" in page


def test_an_address_without_an_account_may_have_letters_all_the_same(staff: Staff) -> None:
    page = staff.get("/admin?q=nobody@example.org").text
    assert 'href="/admin/mail?address=nobody%40example.org"' in page


def test_new_accounts_failed_sign_ins_and_waiting_letters_are_told(staff: Staff, service: Service) -> None:
    quiet = staff.get("/admin").text
    assert "None is waiting to be sent." not in quiet or service.deliver() == 0
    service.deliver()
    assert "None is waiting to be sent." in staff.get("/admin").text
    reader = add_reader(service)
    failed = service.client().post("/api/v1/login", {"email": ADDRESS, "password": "not this one"})
    assert failed.status_code == 401
    service.parts.flows.accounts.send_reset(reader.id, VISIT)
    page = staff.get("/admin").text
    assert f'<a href="/admin/users/{reader.id}">' in page
    assert "<code>login.failed</code>" in page
    assert "1 waiting to be sent" in page
    assert ADDRESS not in page
