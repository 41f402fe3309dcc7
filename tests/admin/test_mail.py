"""The question "I never got the mail", answered on a page."""

import pytest

from tests.admin.people import Staff, events
from tests.support.people import ADDRESS, VISIT, add_reader
from tests.support.service import Service


def test_the_timeline_of_a_letter(staff: Staff, service: Service) -> None:
    reader = add_reader(service)
    service.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    service.deliver()
    page = staff.get(f"/admin/mail?address={ADDRESS}").text
    assert page.index("<code>sent</code>") < page.index("<code>requested</code>")
    assert "password_reset" in page
    (looked,) = events(service, "mail.viewed", reader.id)
    assert looked.data == {"by": str(staff.user.id)}


def test_an_address_without_an_account_has_one_too(staff: Staff, service: Service) -> None:
    service.client().post("/api/v1/password/forgot", {"email": "nobody@example.org"})
    service.deliver()
    page = staff.get("/admin/mail?address=nobody@example.org").text
    assert "<code>no_account</code>" in page
    (looked,) = events(service, "mail.viewed")
    assert (looked.user_id, looked.data) == (None, {"by": str(staff.user.id)})


@pytest.mark.case("INJ-11")
@pytest.mark.parametrize("typed", ["reader", "%", "%@example.org", "<b>@example.org", "\0"])
def test_only_a_whole_address_has_a_timeline(staff: Staff, service: Service, typed: str) -> None:
    service.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    answer = staff.browser.get("/admin/mail", query_string={"address": typed})
    assert answer.status_code == 200
    assert "password_reset" not in answer.text
    assert "<b>" not in answer.text


def test_writing_to_an_address_again(staff: Staff, service: Service) -> None:
    service.parts.flows.suppressions.suppress(ADDRESS, VISIT, detail="asked us to")
    path = "/admin/mail?address=reader%40example.org"
    page = staff.get(path).text
    assert "gets no letters: manual" in page
    assert "asked us to" in page
    staff.press(path, on=path)
    assert service.parts.flows.suppressions.of(ADDRESS) is None
    assert events(service, "mail.unsuppressed")[0].data == {"by": str(staff.user.id)}
    again = staff.send(path)
    assert "already" in staff.browser.follow(again).text
    assert len(events(service, "mail.unsuppressed")) == 1


def test_what_is_no_address_is_refused(staff: Staff) -> None:
    assert staff.send("/admin/mail?address=nobody").status_code == 422
