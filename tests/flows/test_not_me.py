"""The link in a letter about a new device, for a week and once: it ends what the thief has, whatever they did."""

import pytest
from sqlalchemy import insert

from service.core.values import new_id
from service.store.schema import AuditRow, DeviceRow, IdentityRow, SessionRow
from service.store.schema_mail import OutboxTable
from tests.flows.movers import moved
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    change,
    count_of,
    join,
    letters_to,
    log_in,
    signed_in,
    token_in,
    user_row,
)
from tests.flows.together import at_once
from tests.support.pages import hidden_fields, text_of

PAGE = "/account/not-me"


@pytest.fixture
def thief(service):
    """A browser that signed in with a stolen password; the owner has been told."""
    join(service, name="Ada")
    signed_in(service)
    thief = service.client(known=False)
    assert log_in(thief).status_code == 200
    return thief


def token(service):
    return token_in(news(service)[-1], PAGE)


def news(service):
    return [letter for letter in letters_to(service) if "A new device" in letter.message["Subject"]]


def opened(service, token):
    """A new browser that has followed the link, and what it sees."""
    browser = service.client(known=False)
    moved = browser.get(f"{PAGE}?token={token}")
    assert (moved.status_code, moved.headers["Location"]) == (303, PAGE)
    return browser, browser.follow(moved)


def press(service, token):
    browser, page = opened(service, token)
    return browser.form(PAGE) if page.status_code == 200 else page


@pytest.mark.case("LOG-20", "SES-05")
def test_one_button_ends_all_sessions_and_mails_the_way_to_a_new_password(service, thief):
    browser, page = opened(service, token(service))
    assert ADDRESS in page.text
    assert count_of(service, SessionRow) == 2
    done = browser.form(PAGE)
    assert (done.status_code, done.headers["Location"]) == (303, "/login")
    assert "We have sent you a link to choose a new password." in browser.follow(done).text
    assert count_of(service, SessionRow) == count_of(service, DeviceRow) == 0
    assert thief.get("/api/v1/session").status_code == 401
    assert log_in(thief).status_code == 401
    assert user_row(service)["password_hash"] is None
    assert count_of(service, AuditRow, AuditRow.kind == "session.disowned") == 1
    reset = token_in(letters_to(service)[-1], "/reset-password")
    answer = browser.post("/api/v1/password/reset", {"token": reset, "password": OTHER_PASSWORD})
    assert answer.status_code == 200
    assert log_in(browser, password=OTHER_PASSWORD).status_code == 200


@pytest.mark.case("RST-38", "RST-39", "RST-41")
def test_the_link_works_once_however_it_is_spelled(service, thief):
    link = token(service)
    buttons = [opened(service, link) for _ in range(4)]
    answers = at_once(
        lambda browser, page: browser.request("POST", PAGE, data=hidden_fields(page.text)), *buttons
    )
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 3
    for spelling in (link, link + "=", link + "=="):
        page = press(service, spelling)
        assert page.status_code == 400
        assert "This link no longer works" in page.text
        assert 'href="/forgot-password"' in page.text
    assert count_of(service, OutboxTable, OutboxTable.letter == "password_reset") == 1


@pytest.mark.case("RST-37")
def test_looking_changes_nothing(service, thief):
    link = token(service)
    for _ in range(5):
        assert opened(service, link)[1].status_code == 200
    assert thief.get("/api/v1/session").status_code == 200
    assert press(service, link).status_code == 303


def test_a_thief_cannot_kill_the_link_by_what_they_do_with_the_account(service, thief):
    link = token(service)
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert thief.post("/api/v1/password/change", body).status_code == 200
    assert thief.delete("/api/v1/sessions").status_code == 204
    identity = {"id": new_id(), "user_id": user_row(service)["id"], "provider": "google", "issuer": "google"}
    change(
        service,
        insert(IdentityRow).values(subject="1", created_at=user_row(service)["updated_at"], **identity),
    )
    assert thief.delete("/api/v1/me", {"current_password": OTHER_PASSWORD}).status_code == 202
    assert press(service, link).status_code == 303
    assert log_in(thief, password=OTHER_PASSWORD).status_code == 401
    assert user_row(service)["erases_at"] is None
    assert count_of(service, IdentityRow) == 0


def test_what_was_connected_before_the_sign_in_stays(service):
    join(service)
    user = user_row(service)
    identity = {"id": new_id(), "user_id": user["id"], "provider": "google", "issuer": "google"}
    change(service, insert(IdentityRow).values(subject="1", created_at=user["created_at"], **identity))
    signed_in(service)
    log_in(service.client(known=False))
    assert press(service, token(service)).status_code == 303
    assert count_of(service, IdentityRow) == 1


def test_it_says_nothing_to_a_mailbox_the_account_has_left(service, thief):
    link = token(service)
    moved(service, thief)
    page = press(service, link)
    assert page.status_code == 400
    assert "your account has another address now" in page.text
    assert thief.get("/api/v1/session").status_code == 200


def test_a_closed_account_has_no_use_for_it(service, thief):
    link = token(service)
    service.parts.flows.accounts.disable(user_row(service)["id"], STAFF)
    assert press(service, link).status_code == 400


def test_after_a_week_it_has_expired(clock, service):
    join(service)
    signed_in(service)
    log_in(service.client(known=False))
    link = token(service)
    clock.advance(days=7, seconds=-5)
    assert opened(service, link)[1].status_code == 200
    clock.advance(seconds=10)
    page = opened(service, link)[1]
    assert page.status_code == 400
    assert "This link has expired" in page.text
    with service.parts.store.write() as uow:
        uow.spent.purge(clock())
    assert press(service, link).status_code == 400


@pytest.mark.parametrize("made_up", ["", "x", "e30.a.b"])
def test_a_link_nobody_sent_is_a_calm_page(make_service, sqlite_url, made_up):
    service = make_service(sqlite_url)
    page = opened(service, made_up)[1]
    assert (page.status_code, "This link no longer works" in page.text) == (400, True)


def test_the_letter_says_for_how_long(service, thief):
    assert "For 7 days you can do that here" in " ".join(text_of(news(service)[-1].message).split())
