"""Another address: proven by its mailbox, told to the old one, nobody else's business."""

import pytest
from sqlalchemy import update

from service.store.schema import AuditRow, SessionRow, UserRow
from service.store.schema_mail import OutboxTable
from tests.flows.movers import CONFIRM, NEW, TYPO, ask, asked, confirm, moved, subjects
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    change,
    code_of,
    count_of,
    everything_stored,
    is_in,
    join,
    letters_to,
    log_in,
    problems_of,
    signed_in,
    thief_of,
    token_in,
    user_row,
)
from tests.flows.together import at_once
from tests.support.pages import text_of


@pytest.mark.case("SGN-09")
def test_the_address_changes_when_the_new_mailbox_has_confirmed_and_not_before(service):
    join(service, name="Ada")
    browser = signed_in(service)
    token = asked(service, browser)
    assert log_in(service.client()).status_code == 200
    assert user_row(service, NEW) is None
    assert subjects(service, ADDRESS) == []
    answer = confirm(browser, token)
    assert (answer.status_code, answer.json["user"]["email"]) == (200, NEW)
    assert answer.json["user"]["email_verified"] is True
    assert log_in(service.client()).status_code == 401
    assert log_in(service.client(), NEW).status_code == 200
    assert subjects(service, ADDRESS) == ["Your address at The Masthead was changed"]


@pytest.mark.case("SGN-09")
def test_only_the_link_of_the_newest_request_works(service):
    join(service)
    browser = signed_in(service)
    typo = asked(service, browser, TYPO)
    assert ask(browser, NEW).status_code == 202
    assert code_of(confirm(service.client(), typo)) == "invalid_token"
    right = token_in(letters_to(service, NEW)[-1], CONFIRM)
    assert confirm(service.client(), right).status_code == 200


def test_the_confirming_browser_stays_signed_in_under_a_new_secret_and_all_others_do_not(service):
    join(service)
    here, elsewhere = signed_in(service), signed_in(service)
    copy = thief_of(service, here)
    moved(service, here)
    assert [is_in(browser) for browser in (here, elsewhere, copy)] == [True, False, False]


def test_a_link_opened_in_another_browser_signs_nobody_in_and_ends_every_session(service):
    join(service)
    here, other = signed_in(service), service.client()
    assert confirm(other, asked(service, here)).status_code == 200
    assert [is_in(here), is_in(other)] == [False, False]
    assert count_of(service, SessionRow) == 0


def test_somebody_elses_session_is_left_alone(service):
    join(service)
    join(service, "other@example.org")
    here, other = signed_in(service), signed_in(service, "other@example.org")
    assert confirm(other, asked(service, here)).status_code == 200
    assert is_in(other)
    assert other.get("/api/v1/session").json["user"]["email"] == "other@example.org"


@pytest.mark.case("SGN-08")
@pytest.mark.parametrize("password", [None, "", OTHER_PASSWORD])
def test_a_session_alone_asks_in_vain(service, password):
    join(service)
    answer = ask(signed_in(service), password=password)
    assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")
    assert count_of(service, OutboxTable) == 0


@pytest.mark.case("SGN-08")
@pytest.mark.parametrize(("minutes", "status"), [(14, 202), (16, 401)])
def test_an_account_without_a_password_needs_a_sign_in_of_the_last_15_minutes(
    clock, service, minutes, status
):
    user = join(service)
    browser = signed_in(service)
    change(service, update(UserRow).where(UserRow.id == user.id).values(password_hash=None))
    clock.advance(minutes=minutes)
    answer = ask(browser, password=None)
    assert answer.status_code == status
    if status == 401:
        assert code_of(answer) == "reauthentication_required"


@pytest.mark.case("SGN-08")
def test_only_a_signed_in_reader_asks(service):
    assert code_of(ask(service.client())) == "unauthenticated"


@pytest.mark.case("ENU-09")
@pytest.mark.parametrize("holder", [{}, {"verified": False}, {"password": None}])
def test_a_taken_address_gets_the_same_answer_and_its_owner_a_word(service, holder):
    join(service)
    join(service, NEW, name="Grace", **holder)
    browser = signed_in(service)
    taken = ask(browser, NEW)
    (letter,) = letters_to(service, NEW)
    free = ask(browser, TYPO)
    assert (taken.status_code, taken.json) == (free.status_code, free.json)
    assert letter.message["Subject"] == "You already have an account at The Masthead"
    assert "Hello Grace" in text_of(letter.message)
    assert CONFIRM not in text_of(letter.message)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("nobody", "invalid_email"),
        ("pöst@example.org", "invalid_email"),
        ("", "invalid_email"),
        (ADDRESS, "same_email"),
    ],
)
def test_what_cannot_be_an_address_of_an_account_is_refused(service, typed, code):
    join(service)
    assert problems_of(ask(signed_in(service), typed)) == {"email": code}


def test_another_spelling_of_the_same_address_is_a_change_like_any_other(service):
    join(service)
    browser = signed_in(service)
    moved(service, browser, "Reader@example.org")
    assert user_row(service)["email"] == "Reader@example.org"


@pytest.mark.case("SGN-10", "OAC-31", "RST-60")
@pytest.mark.parametrize("rendered", [True, False], ids=["link in the mailbox", "letter not sent yet"])
def test_a_pending_change_dies_with_a_reset(service, rendered):
    join(service)
    browser = signed_in(service)
    assert ask(browser).status_code == 202
    if rendered:
        service.deliver()
    owner = service.client()
    owner.post("/api/v1/password/forgot", {"email": ADDRESS})
    service.deliver()
    reset = token_in(service.mailbox.to(ADDRESS)[-1], "/reset-password")
    done = owner.post("/api/v1/password/reset", {"token": reset, "password": OTHER_PASSWORD})
    assert done.status_code == 200
    service.deliver()
    for letter in service.mailbox.to(NEW):
        assert code_of(confirm(owner, token_in(letter, CONFIRM))) == "invalid_token"
    assert user_row(service)["email"] == ADDRESS


@pytest.mark.case("SGN-10")
def test_a_change_asked_for_before_a_reset_is_not_even_mailed_after_it(service):
    user = join(service)
    assert ask(signed_in(service)).status_code == 202
    with service.parts.store.write() as uow:
        uow.users.raise_epoch(user.id)
    assert letters_to(service, NEW) == []


@pytest.mark.case("RST-44")
def test_a_reset_link_in_the_old_mailbox_has_no_power_after_the_change(service):
    join(service)
    browser = signed_in(service)
    browser.post("/api/v1/password/forgot", {"email": ADDRESS})
    reset = token_in(letters_to(service)[-1], "/reset-password")
    moved(service, browser)
    answer = service.client().post("/api/v1/password/reset", {"token": reset, "password": OTHER_PASSWORD})
    assert (answer.status_code, code_of(answer)) == (400, "invalid_token")
    assert log_in(service.client(), NEW).status_code == 200


@pytest.mark.case("SGN-11")
def test_a_sign_up_for_the_address_and_a_change_to_it_never_merge(service):
    join(service)
    browser, newcomer = signed_in(service), service.client()
    newcomer.post("/api/v1/signup", {"email": NEW, "password": OTHER_PASSWORD})
    sign_up = token_in(letters_to(service, NEW)[-1], "/signup/confirm")
    moved(service, browser)
    late = newcomer.post("/api/v1/signup/confirm", {"token": sign_up})
    assert (late.status_code, code_of(late)) == (400, "invalid_token")
    assert count_of(service, UserRow) == 1
    assert log_in(service.client(), NEW, OTHER_PASSWORD).status_code == 401


@pytest.mark.case("SGN-11")
def test_who_is_later_than_a_sign_up_is_told_that_the_address_is_taken(service):
    join(service)
    browser = signed_in(service)
    token = asked(service, browser)
    join(service, NEW, OTHER_PASSWORD)
    answer = confirm(browser, token)
    assert (answer.status_code, code_of(answer)) == (409, "email_taken")
    assert [row["email"] for row in (user_row(service), user_row(service, NEW))] == [ADDRESS, NEW]
    page = browser.follow(browser.get(f"{CONFIRM}?token={token}"))
    assert (page.status_code, "This address has an account" in page.text) == (409, True)


@pytest.mark.case("SGN-06", "SGN-11")
def test_of_many_uses_of_one_link_at_once_exactly_one_succeeds(service):
    join(service)
    token = asked(service, signed_in(service))
    answers = at_once(lambda browser: confirm(browser, token), *([service.client()] for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 11
    assert count_of(service, AuditRow, AuditRow.kind == "email.changed") == 1
    assert len(subjects(service, ADDRESS)) == 1


@pytest.mark.case("SGN-11")
def test_of_two_accounts_that_take_one_address_at_once_exactly_one_gets_it(service):
    join(service)
    join(service, "other@example.org")
    tokens = [asked(service, signed_in(service, email)) for email in (ADDRESS, "other@example.org")]
    answers = at_once(lambda token: confirm(service.client(), token), *([token] for token in tokens))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert count_of(service, UserRow, UserRow.canonical == NEW) == 1


@pytest.mark.case("SGN-06")
def test_a_link_expires_is_for_one_purpose_and_is_stored_nowhere(clock, service):
    join(service)
    browser = signed_in(service)
    token = asked(service, browser)
    assert token not in everything_stored(service)
    as_reset = browser.post("/api/v1/password/reset", {"token": token, "password": OTHER_PASSWORD})
    assert code_of(as_reset) == "invalid_token"
    clock.advance(days=1, seconds=2)
    assert code_of(confirm(browser, token)) == "expired_token"


@pytest.mark.case("SGN-06")
def test_looking_at_a_link_changes_nothing(service):
    join(service)
    token = asked(service, signed_in(service))
    for _ in range(3):
        scanner = service.client()
        assert scanner.follow(scanner.get(f"{CONFIRM}?token={token}")).status_code == 200
    assert user_row(service, NEW) is None
    assert confirm(service.client(), token).status_code == 200


def test_a_disabled_account_changes_nothing(service):
    user = join(service)
    token = asked(service, signed_in(service))
    service.parts.flows.accounts.disable(user.id, STAFF)
    assert code_of(confirm(service.client(), token)) == "invalid_token"


def test_an_account_without_an_address_gets_its_first_one_and_no_letter_goes_elsewhere(service):
    user = join(service, password=None)
    change(
        service,
        update(UserRow)
        .where(UserRow.id == user.id)
        .values(email=None, canonical=None, email_verified_at=None),
    )
    with service.parts.store.write() as uow:
        nameless = uow.users.by_id(user.id)
        begun = service.parts.flows.sessions.begin(
            uow, nameless, amr=("google",), remember=False, visit=STAFF
        )
    browser = service.client()
    browser.inner.set_cookie("masthead", begun.secret)
    assert "Add an email address" in browser.get("/account/email").text
    token = asked(service, browser)
    assert confirm(browser, token).json["user"]["email"] == NEW
    service.deliver()
    assert count_of(service, OutboxTable) == 1


@pytest.mark.case("RST-36")
def test_letters_to_one_new_address_have_a_limit_that_is_not_heard(make_service, database):
    service = make_service(database, rate_limit_scale=1)
    for number in range(4):
        join(service, f"reader{number}@example.org")
        assert ask(signed_in(service, f"reader{number}@example.org")).status_code == 202
    assert len(letters_to(service, NEW)) == 3


@pytest.mark.case("RST-36")
def test_one_account_asks_five_times_an_hour(make_service, database):
    service = make_service(database, rate_limit_scale=1)
    join(service)
    browser = signed_in(service)
    answers = [ask(browser, f"new{number}@example.org").status_code for number in range(6)]
    assert answers == [202] * 5 + [429]


def test_the_page_works_without_scripts_from_the_form_to_the_notice(service):
    join(service)
    browser = signed_in(service)
    sent = browser.form("/account/email", email=NEW, current_password=PASSWORD)
    assert (sent.status_code, NEW in sent.text) == (200, True)
    link = letters_to(service, NEW)[-1].link(CONFIRM)
    page = browser.follow(browser.get(link))
    assert NEW in page.text
    done = browser.form(CONFIRM)
    assert (done.status_code, done.headers["Location"]) == (303, "/account")
    assert "Your account uses the new address now." in browser.follow(done).text
    again = browser.follow(browser.get(link))
    assert (again.status_code, "This link no longer works" in again.text) == (400, True)
