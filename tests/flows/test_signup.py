"""Sign-up: no account before its mailbox is proven, and none with a stranger's password."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.core.wording import NEWSLETTER_CONSENT
from service.store.schema import AuditRow, SessionRow, SignupRow, UserRow
from service.store.schema_mail import OutboxTable
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    code_of,
    count_of,
    is_in,
    join,
    letters_to,
    log_in,
    problems_of,
    secret_of,
    signed_in,
    token_in,
    user_row,
)

CONFIRM = "/signup/confirm"


def sign_up(browser, email=ADDRESS, password=PASSWORD, **more):
    return browser.post("/api/v1/signup", {"email": email, "password": password, **more})


def confirm(browser, token, password=None):
    return browser.post(f"/api/v1{CONFIRM}", {"token": token} | ({"password": password} if password else {}))


def signed_up(service, password=PASSWORD, **more):
    """A browser that signed up, and the token in its letter."""
    browser = service.client()
    assert sign_up(browser, password=password, **more).status_code == 202
    return browser, token_in(letters_to(service)[-1], CONFIRM)


@pytest.mark.case("SGN-01", "ENU-05")
@pytest.mark.parametrize("typed", [ADDRESS, "Reader@Example.ORG", " reader@example.org "])
def test_signing_up_with_a_taken_address_changes_nothing_and_tells_its_owner(service, typed):
    join(service, name="Ada", roles=("editor",))
    before, browser = user_row(service), signed_in(service)
    answer = sign_up(service.client(), typed, OTHER_PASSWORD, name="Mallory", newsletter=True)
    assert (answer.status_code, answer.json["status"]) == (202, "accepted")
    (letter,) = letters_to(service)
    assert "already" in letter.message["Subject"].lower()
    assert letter.link("/login")
    assert letter.link("/forgot-password")
    assert CONFIRM not in letter.message.get_body(("plain",)).get_content()
    assert user_row(service) == before
    assert is_in(browser)
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 401


@pytest.mark.case("SGN-01")
def test_a_link_mailed_before_the_address_was_taken_changes_nothing_afterwards(service):
    _, token = signed_up(service, password=OTHER_PASSWORD)
    join(service)
    before = user_row(service)
    answer = confirm(service.client(), token, OTHER_PASSWORD)
    assert (answer.status_code, code_of(answer)) == (400, "invalid_token")
    assert user_row(service) == before


@pytest.mark.case("SGN-02")
def test_who_signed_up_first_with_somebody_s_address_gets_nothing_when_the_owner_joins(service):
    attacker, attackers_token = signed_up(service, PASSWORD, name="Mallory")
    owner, token = signed_up(service, OTHER_PASSWORD, name="Ada")
    answer = confirm(owner, token)
    assert answer.status_code == 201
    assert answer.json["user"]["name"] == "Ada"
    for browser in (attacker, service.client()):
        assert log_in(browser, password=PASSWORD).status_code == 401
        assert code_of(confirm(browser, attackers_token, PASSWORD)) == "invalid_token"
        assert not is_in(browser)
    assert is_in(owner)
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 200
    assert count_of(service, SignupRow) == 0


@pytest.mark.case("SGN-03")
def test_a_link_opened_in_another_browser_asks_for_a_password_of_its_own(service):
    attacker, token = signed_up(service, PASSWORD)
    owner = service.client()
    refused = confirm(owner, token)
    assert problems_of(refused) == {"password": "password_required"}
    assert user_row(service) is None
    assert problems_of(confirm(owner, token, "12345678")) == {"password": "password_breached"}
    assert confirm(owner, token, OTHER_PASSWORD).status_code == 201
    assert is_in(owner)
    assert log_in(attacker, password=PASSWORD).status_code == 401
    assert code_of(confirm(attacker, token)) == "invalid_token"
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 200


@pytest.mark.case("SGN-03")
def test_the_page_of_another_browser_asks_for_a_password_and_that_of_the_same_one_does_not(service):
    own, _ = signed_up(service)
    link = letters_to(service)[-1].link(CONFIRM)
    assert 'type="password"' not in own.follow(own.get(link)).text
    other = service.client()
    assert 'type="password"' in other.follow(other.get(link)).text
    assert other.form(CONFIRM).status_code == 422
    done = other.form(CONFIRM, password=OTHER_PASSWORD)
    assert (done.status_code, done.headers["Location"]) == (303, "/account")
    assert is_in(other)
    assert log_in(service.client(), password=PASSWORD).status_code == 401


@pytest.mark.case("SGN-03")
def test_a_binding_cookie_opens_only_the_sign_up_it_was_given_for(service):
    mine, _ = signed_up(service)
    _, token = signed_up(service, OTHER_PASSWORD)
    assert problems_of(confirm(mine, token)) == {"password": "password_required"}
    mine.inner.set_cookie("masthead-signup", "A" * 43)
    assert problems_of(confirm(mine, token)) == {"password": "password_required"}


@pytest.mark.case("SGN-03", "RST-32")
def test_the_owner_of_a_mailbox_takes_over_an_unproven_account_and_everything_before_dies(service):
    join(service, password=PASSWORD, verified=False)
    attacker = service.client()
    assert code_of(log_in(attacker)) == "email_unverified"
    token = token_in(letters_to(service)[-1], CONFIRM)
    owner = service.client()
    assert problems_of(confirm(owner, token)) == {"password": "password_required"}
    assert confirm(owner, token, OTHER_PASSWORD).status_code == 201
    assert log_in(attacker, password=PASSWORD).status_code == 401
    assert code_of(confirm(attacker, token)) == "invalid_token"
    assert user_row(service)["email_verified_at"] is not None


def test_who_takes_an_unproven_account_over_gets_the_newsletter_they_asked_for(service):
    join(service, verified=False)
    owner = service.client()
    sign_up(owner, ADDRESS, OTHER_PASSWORD, newsletter=True)
    token = token_in(letters_to(service)[-1], CONFIRM)
    assert confirm(owner, token).status_code == 201
    assert user_row(service)["newsletter"].wording == NEWSLETTER_CONSENT
    assert count_of(service, AuditRow, AuditRow.kind == "newsletter.subscribed") == 1


@pytest.mark.case("SGN-04")
def test_a_hundred_sign_ups_at_once_get_one_answer_and_make_no_account(live, database, make_service):
    web, here = live(database), make_service(database)

    def ask(number):
        return browser.post("/api/v1/signup", json={"email": ADDRESS, "password": f"{PASSWORD} {number}"})

    with web.client() as browser, ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(ask, range(100)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    here.deliver()
    assert len(here.mailbox.to(ADDRESS)) == count_of(here, SignupRow) == 100
    assert count_of(here, UserRow) == 0


@pytest.mark.case("SGN-04", "SGN-11")
def test_of_many_links_for_one_address_followed_at_once_one_makes_the_account(service):
    for round_number in range(3):
        address = f"reader{round_number}@example.org"
        browsers = [service.client() for _ in range(12)]
        assert {sign_up(browser, address).status_code for browser in browsers} == {202}
        tokens = [token_in(letter, CONFIRM) for letter in letters_to(service, address)]
        start = threading.Barrier(len(browsers))

        def follow(browser, token, start=start):
            start.wait()
            return confirm(browser, token).status_code

        with ThreadPoolExecutor(len(browsers)) as crowd:
            statuses = list(crowd.map(follow, browsers, tokens))
        assert sorted(statuses) == [201] + [400] * 11
        assert sum(is_in(browser) for browser in browsers) == 1
        assert count_of(service, UserRow) == count_of(service, SessionRow) == round_number + 1
    assert count_of(service, SignupRow) == 0


STOLEN_FIELDS = {
    "is_admin": True,
    "roles": ["admin"],
    "role": "admin",
    "email_verified": True,
    "email_verified_at": "2020-01-01T00:00:00Z",
    "id": "019f0000-0000-7000-8000-000000000000",
    "created_at": "2020-01-01T00:00:00Z",
    "credential_epoch": 7,
    "disabled_at": None,
}


@pytest.mark.case("SGN-05")
@pytest.mark.parametrize("field", STOLEN_FIELDS)
@pytest.mark.parametrize("path", ["/api/v1/signup", "/api/v1/login", "/api/v1/signup/confirm"])
def test_a_field_that_is_not_the_reader_s_to_set_is_refused(make_service, sqlite_url, path, field):
    service = make_service(sqlite_url)
    body = {"token": "x"} if path.endswith("confirm") else {"email": ADDRESS, "password": PASSWORD}
    answer = service.client().post(path, body | {field: STOLEN_FIELDS[field]})
    assert problems_of(answer) == {field: "unknown_field"}
    assert count_of(service, SignupRow) == count_of(service, OutboxTable) == 0


@pytest.mark.case("SGN-05")
def test_a_form_with_more_fields_than_it_has_gives_no_rights(service):
    fields = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in STOLEN_FIELDS.items()
    }
    browser = service.client()
    assert browser.form("/signup", email=ADDRESS, password=PASSWORD, **fields).status_code == 200
    browser.follow(browser.get(letters_to(service)[-1].link(CONFIRM)))
    assert browser.form(CONFIRM, **fields).status_code == 303
    row = user_row(service)
    assert (row["roles"], row["credential_epoch"], row["disabled_at"]) == ((), 0, None)
    assert str(row["id"]) != STOLEN_FIELDS["id"]
    assert row["created_at"].year > 2020
    assert secret_of(browser)
