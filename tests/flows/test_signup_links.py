"""The link of a sign-up: good once, for a day, for this purpose, and only when somebody means it."""

import threading

import pytest

from service.store.schema import SessionRow, SignupRow
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
    secret_of,
    token_in,
    user_row,
)
from tests.flows.test_signup import CONFIRM, confirm, sign_up, signed_up
from tests.support.smtp import wait_until


@pytest.mark.case("SGN-06")
def test_a_link_works_once(service):
    browser, token = signed_up(service)
    assert confirm(browser, token).status_code == 201
    before = user_row(service)
    for again in (browser, service.client()):
        assert code_of(confirm(again, token, OTHER_PASSWORD)) == "invalid_token"
    assert user_row(service) == before
    assert count_of(service, SessionRow) == 1


@pytest.mark.case("SGN-06")
def test_the_malleable_twins_of_a_used_link_are_used_too(service):
    browser, token = signed_up(service)
    assert confirm(browser, token).status_code == 201
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for twin in [token[:-1] + character for character in alphabet] + [token + "=", token + "=="]:
        assert code_of(confirm(browser, twin, OTHER_PASSWORD)) == "invalid_token"


@pytest.mark.case("SGN-06")
@pytest.mark.parametrize(
    ("hours", "status", "code"), [(23.99, 201, None), (24.01, 400, "expired_token")], ids=["before", "after"]
)
def test_a_link_lives_for_a_day_with_nobody_sweeping(clock, service, hours, status, code):
    browser, token = signed_up(service)
    clock.advance(hours=hours)
    answer = confirm(browser, token)
    assert (answer.status_code, answer.json.get("code")) == (status, code)
    assert (user_row(service) is None) is (status == 400)
    assert is_in(browser) is (status == 201)


@pytest.mark.case("SGN-06", "RST-47")
def test_a_link_for_one_purpose_means_nothing_to_the_other(service):
    join(service)
    browser, signup_token = service.client(), None
    assert sign_up(browser, "new@example.org").status_code == 202
    signup_token = token_in(letters_to(service, "new@example.org")[-1], CONFIRM)
    browser.post("/api/v1/password/forgot", {"email": ADDRESS})
    reset_token = token_in(letters_to(service)[-1], "/reset-password")
    assert code_of(confirm(browser, reset_token, OTHER_PASSWORD)) == "invalid_token"
    crossed = browser.post("/api/v1/password/reset", {"token": signup_token, "password": OTHER_PASSWORD})
    assert code_of(crossed) == "invalid_token"
    assert log_in(service.client()).status_code == 200
    assert confirm(browser, signup_token).status_code == 201


@pytest.mark.case("SGN-06")
def test_a_link_proves_its_own_address_and_no_other(service):
    join(service)
    before = user_row(service)
    browser = service.client()
    sign_up(browser, "new@example.org", OTHER_PASSWORD)
    token = token_in(letters_to(service, "new@example.org")[-1], CONFIRM)
    extra = {"token": token, "email": ADDRESS}
    assert browser.post("/api/v1/signup/confirm", extra).status_code == 422
    assert confirm(browser, token).json["user"]["email"] == "new@example.org"
    assert user_row(service) == before


@pytest.mark.case("SGN-06", "RST-37")
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_scanner_that_follows_the_link_uses_nothing_up(service, method):
    browser, token = signed_up(service)
    link = letters_to(service)[-1].link(CONFIRM).removeprefix(service.settings.public_url)
    for _ in range(10):
        scanner = service.client()
        moved = scanner.request(method, link)
        assert (moved.status_code, moved.headers["Location"]) == (303, CONFIRM)
        assert scanner.request(method, CONFIRM).status_code == 200
        assert secret_of(scanner) is None
    assert user_row(service) is None
    assert confirm(browser, token).status_code == 201


@pytest.mark.case("SGN-06")
@pytest.mark.parametrize(
    "token",
    ["", ".", "a.b.c", "A" * 5000, "ImEi.aaaaaa.bbbb", "\x00", "é.é.é", "null", "{token}x", "x{token}"],
)
def test_a_damaged_link_is_answered_calmly(service, token):
    browser, good = signed_up(service)
    damaged = token.format(token=good)
    answer = confirm(browser, damaged, OTHER_PASSWORD)
    assert answer.status_code in (400, 422)
    assert user_row(service) is None
    page = browser.get(f"{CONFIRM}?token=x")
    assert browser.follow(page).status_code == 400
    assert confirm(browser, good).status_code == 201


@pytest.mark.case("SGN-07")
def test_nobody_signs_in_before_the_mailbox_is_proven(service):
    browser, _ = signed_up(service)
    answer = log_in(browser)
    assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")
    assert secret_of(browser) is None
    assert count_of(service, SessionRow) == 0


@pytest.mark.case("SGN-07", "RST-36")
def test_an_unproven_account_gets_a_new_link_at_most_three_times_in_six_hours(make_service, database):
    service = make_service(database, rate_limit_scale=1)
    join(service, verified=False)
    browser = service.client()
    for _ in range(6):
        answer = log_in(browser)
        assert (answer.status_code, code_of(answer)) == (403, "email_unverified")
        assert secret_of(browser) is None
    assert len(letters_to(service)) == 3
    assert count_of(service, SessionRow) == 0
    assert confirm(browser, token_in(letters_to(service)[-1], CONFIRM), OTHER_PASSWORD).status_code == 201


@pytest.mark.case("SGN-07")
def test_the_right_password_of_an_unproven_account_binds_the_browser_that_gave_it(service):
    join(service, verified=False)
    browser = service.client()
    assert log_in(browser).status_code == 403
    assert confirm(browser, token_in(letters_to(service)[-1], CONFIRM)).status_code == 201
    assert is_in(browser)
    assert log_in(service.client()).status_code == 200


@pytest.mark.case("SGN-07", "RST-36")
def test_a_flood_of_sign_ups_mails_an_address_three_times_with_one_answer(make_service, database):
    service = make_service(database, rate_limit_scale=1)
    answers = [sign_up(service.client(), address) for address in [ADDRESS, "READER@example.org"] * 3]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    service.deliver()
    assert len(service.mailbox.messages) == 3


@pytest.mark.case("SGN-14", "DOS-12")
def test_an_unproven_sign_up_is_thrown_away_after_a_day_and_the_address_is_free(clock, service):
    old, old_token = signed_up(service)
    clock.advance(hours=12)
    sign_up(service.client(), "younger@example.org")
    clock.advance(hours=12, seconds=1)
    stop = threading.Event()
    worker = threading.Thread(target=service.parts.worker.run, args=(stop,))
    worker.start()
    try:
        wait_until(lambda: count_of(service, SignupRow) == 1, what="the purge")
    finally:
        stop.set()
        worker.join(10)
    assert count_of(service, SignupRow, SignupRow.canonical == "younger@example.org") == 1
    assert code_of(confirm(old, old_token, PASSWORD)) in ("expired_token", "invalid_token")
    browser, token = signed_up(service, OTHER_PASSWORD)
    assert confirm(browser, token).status_code == 201
    assert count_of(service, OutboxTable, OutboxTable.settled_at.is_(None)) == 0
