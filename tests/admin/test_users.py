"""One account as staff see it, and what they may do to it: each thing done is done, told and audited."""

import re

import pytest
from sqlalchemy import update

from service.core.mail_events import EventKind, MailReport
from service.core.values import User
from service.store.schema import UserRow
from tests.admin.people import Staff, events, hire, turn_on
from tests.flows.clock import MovableClock
from tests.flows.people import change, secret_of
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, VISIT, add_reader, signed_in
from tests.support.service import Service


@pytest.fixture
def reader(service: Service) -> User:
    return add_reader(service, name="Ada")


def page_of(user: User) -> str:
    return f"/admin/users/{user.id}"


def by_staff(staff: Staff, kind: str, reader: User) -> None:
    """The newest event of a kind is about the reader, and says which of the staff did it, and from where."""
    newest = events(staff.service, kind, reader.id)[0]
    assert newest.data["by"] == str(staff.user.id)
    assert newest.ip == "127.0.0.1"


def test_the_page_tells_what_support_needs(staff: Staff, service: Service, reader: User) -> None:
    browser = signed_in(service)
    turn_on(browser)
    service.parts.flows.accounts.send_reset(reader.id, VISIT)
    service.deliver()
    signed = service.client()
    assert signed.post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD}).status_code == 401
    page = staff.get(page_of(reader)).text
    for said in (ADDRESS, "Ada", str(reader.id), "confirmed", "10 recovery codes left", "password_reset"):
        assert said in page
    for kind in ("user.created", "mfa.enabled", "password.reset_sent"):
        assert f"<code>{kind}</code>" in page


@pytest.mark.case("ADM-02", "SEC-06")
def test_nothing_on_it_opens_anything(staff: Staff, service: Service, reader: User) -> None:
    browser = signed_in(service)
    secret = turn_on(browser)
    service.parts.flows.accounts.send_reset(reader.id, VISIT)
    service.deliver()
    link = service.mailbox.to(ADDRESS)[0].link("/reset-password")
    for path in (page_of(reader), f"/admin/mail?address={ADDRESS}", f"/admin/audit?account={reader.id}"):
        page = staff.get(path).text
        assert "argon2" not in page
        assert secret not in page
        assert link.partition("token=")[2] not in page
        assert str(secret_of(browser)) not in page
        assert 'type="password"' not in page


def test_looking_is_audited(staff: Staff, reader: User) -> None:
    staff.get(page_of(reader))
    by_staff(staff, "user.viewed", reader)
    assert len(events(staff.service, "user.viewed", reader.id)) == 1


@pytest.mark.case("WEB-11")
def test_names_and_devices_are_escaped(staff: Staff, service: Service) -> None:
    reader = add_reader(service, name="<img src=x onerror=alert(1)>")
    browser = service.client()
    browser.headers |= {"User-Agent": "<script>alert(2)</script>"}
    browser.post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD})
    for path in (page_of(reader), "/admin", "/admin/audit"):
        page = staff.get(path).text
        assert "<img src=x" not in page
        assert "<script>alert" not in page
        assert path == "/admin" or "&lt;script&gt;alert(2)" in page


@pytest.mark.case("SES-09", "ADM-03")
def test_disabling_ends_sessions_and_enabling_opens_again(
    staff: Staff, service: Service, reader: User
) -> None:
    browser = signed_in(service)
    done = staff.press(f"{page_of(reader)}/disable", on=page_of(reader))
    assert "The account is disabled." in staff.browser.follow(done).text
    assert browser.get("/api/v1/session").status_code == 401
    by_staff(staff, "user.disabled", reader)
    staff.press(f"{page_of(reader)}/enable", on=page_of(reader))
    by_staff(staff, "user.enabled", reader)
    assert signed_in(service).get("/account").status_code == 200


@pytest.mark.case("ADM-02", "ADM-11")
def test_a_reset_link_goes_to_the_owner_alone(staff: Staff, service: Service, reader: User) -> None:
    browser = signed_in(service)
    done = staff.press(f"{page_of(reader)}/password-reset", on=page_of(reader))
    page = staff.browser.follow(done).text
    assert "on its way to the owner" in page
    assert browser.get("/api/v1/session").status_code == 401
    by_staff(staff, "password.reset_sent", reader)
    service.deliver()
    link = service.mailbox.to(ADDRESS)[0].link("/reset-password")
    assert link.partition("token=")[2] not in staff.get(page_of(reader)).text
    owner = service.client()
    owner.follow(owner.get(link))
    assert owner.form("/reset-password", password=ANOTHER).status_code == 303


def test_an_account_without_an_address_is_sent_nothing(staff: Staff, service: Service, reader: User) -> None:
    change(service, update(UserRow).where(UserRow.id == reader.id).values(email=None, canonical=None))
    assert "Mail a reset link" not in staff.get(page_of(reader)).text
    done = staff.send(f"{page_of(reader)}/password-reset")
    assert "has no address" in staff.browser.follow(done).text


@pytest.mark.case("SES-09")
def test_all_sessions_can_be_ended(staff: Staff, service: Service, reader: User) -> None:
    browsers = [signed_in(service) for _ in range(2)]
    staff.press(f"{page_of(reader)}/sessions/end", on=page_of(reader))
    assert [browser.get("/api/v1/session").status_code for browser in browsers] == [401, 401]
    by_staff(staff, "session.revoked_all", reader)


@pytest.mark.case("SES-09")
def test_one_session_can_be_ended(staff: Staff, service: Service, reader: User) -> None:
    stays, goes = signed_in(service), signed_in(service)
    session = goes.get("/api/v1/session").json
    assert session
    path = f"{page_of(reader)}/sessions/{session['session']['id']}/end"
    staff.press(path, on=page_of(reader))
    assert goes.get("/api/v1/session").status_code == 401
    assert stays.get("/api/v1/session").status_code == 200
    by_staff(staff, "session.revoked", reader)
    assert staff.send(path).status_code == 404


@pytest.mark.case("ADM-09")
def test_a_session_is_ended_on_its_own_accounts_page_alone(
    staff: Staff, service: Service, reader: User
) -> None:
    other = add_reader(service, "other@example.org")
    browser = signed_in(service)
    session = browser.get("/api/v1/session").json
    assert session
    path = f"{page_of(other)}/sessions/{session['session']['id']}/end"
    assert staff.send(path).status_code == 404
    assert browser.get("/api/v1/session").status_code == 200


def test_the_second_factor_is_turned_off_after_a_page_that_says_what_it_means(
    staff: Staff, service: Service, reader: User
) -> None:
    browser = signed_in(service)
    turn_on(browser)
    assert f'href="{page_of(reader)}/second-factor"' in staff.get(page_of(reader)).text
    asked = staff.get(f"{page_of(reader)}/second-factor").text
    assert "Make sure that it is the owner who asks." in asked
    staff.press(f"{page_of(reader)}/second-factor", on=f"{page_of(reader)}/second-factor")
    assert browser.get("/api/v1/session").status_code == 401
    by_staff(staff, "mfa.disabled", reader)
    assert signed_in(service).get("/account").status_code == 200
    letters = service.parts.flows.mail_timeline.of_user(reader.id).entries
    told = [entry.letter for entry in letters if entry.what == "requested"]
    assert told == ["second_factor_changed"] * 2  # turned on, turned off
    assert staff.get(f"{page_of(reader)}/second-factor").status_code == 404


def test_a_suppression_is_shown_and_lifted(staff: Staff, service: Service, reader: User) -> None:
    flows = service.parts.flows
    flows.suppressions.report(
        [MailReport(EventKind.BOUNCED, "smtp", "key", ADDRESS, None, "550 5.1.1 nobody")]
    )
    page = staff.get(page_of(reader)).text
    assert "gets no letters: hard_bounce" in page
    done = staff.press("/admin/mail?address=reader%40example.org", on=page_of(reader))
    assert "Letters go to this address again." in staff.browser.follow(done).text
    assert flows.suppressions.of(ADDRESS) is None
    by_staff(staff, "mail.unsuppressed", reader)


def test_nobody_acts_on_their_own_account(staff: Staff, service: Service) -> None:
    page = staff.get(page_of(staff.user)).text
    assert "This is your own account." in page
    assert f'action="{page_of(staff.user)}' not in page
    session = staff.browser.get("/api/v1/session").json
    assert session
    for action in (
        *("disable", "enable", "password-reset", "sessions/end", "second-factor"),
        f"sessions/{session['session']['id']}/end",
    ):
        done = staff.send(f"{page_of(staff.user)}/{action}")
        assert done.headers["Location"] == page_of(staff.user)
        assert "Use your account page." in staff.browser.follow(done).text
    assert staff.get("/admin").status_code == 200
    assert service.parts.flows.directory.user(staff.user.id) == staff.user


@pytest.mark.case("ADM-10")
def test_no_page_gives_roles_passwords_or_somebody_elses_session(staff: Staff, service: Service) -> None:
    reader = add_reader(service)
    for page in (page_of(reader), page_of(staff.user)):
        actions = set(re.findall(r'action="([^"]+)"', staff.get(page).text))
        assert not [path for path in actions if re.search("role|impersonat|session$|password$", path)]
    before = staff.browser.get("/api/v1/session").json
    staff.press(f"{page_of(reader)}/password-reset", on=page_of(reader))
    assert staff.browser.get("/api/v1/session").json == before


def test_staff_help_each_other(staff: Staff, service: Service) -> None:
    other = hire(service, "second@example.org")
    staff.press(f"{page_of(other.user)}/disable", on=page_of(other.user))
    assert other.get("/admin").headers["Location"].startswith("/login?next=")


@pytest.mark.case("DEL-01")
def test_readers_see_in_their_data_that_staff_looked_and_not_who(
    clock: MovableClock, service: Service
) -> None:
    reader, staff = add_reader(service), hire(service)
    staff.browser.headers |= {"User-Agent": "the desk's own browser"}
    staff.get(page_of(reader))
    mine = signed_in(service).get("/api/v1/me/export")
    (viewed,) = [event for event in mine.json["events"] if event["kind"] == "user.viewed"]
    assert (viewed["ip"], viewed["agent"], viewed["data"]) == ("", "", {"by": "staff"})
    assert str(staff.user.id) not in mine.text
