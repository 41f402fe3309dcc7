"""A sign-in from a browser the account has not been used from is told to its owner, now and then."""

import pytest

from service.core.values import digest
from service.flows.devices import REMEMBERED
from service.store.schema import DeviceRow
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    count_of,
    everything_stored,
    join,
    letters_to,
    log_in,
    secret_of,
    token_in,
)
from tests.support.pages import text_of

SUBJECT = "A new device signed in at The Masthead"
COOKIE = "masthead-device"


def new_browser(service, **more):
    browser = service.client(known=False)
    assert log_in(browser, **more).status_code == 200
    return browser


def news(service, address=ADDRESS):
    return [letter for letter in letters_to(service, address) if letter.message["Subject"] == SUBJECT]


@pytest.mark.case("LOG-20")
def test_a_second_browser_is_told_with_time_place_and_what_to_do(service):
    join(service, name="Ada")
    new_browser(service)
    assert news(service) == []
    phone = service.client(known=False)
    phone.headers |= {"User-Agent": "Mozilla/5.0 (iPhone) Version/17.5 Safari/604.1"}
    log_in(phone)
    (letter,) = news(service)
    for said in ("Hello Ada", "Safari on iPhone", "127.0.0.1", "UTC"):
        assert said in text_of(letter.message)
    assert letter.link("/account/not-me")
    assert letter.link("/account/devices")


@pytest.mark.case("LOG-20")
def test_a_browser_that_has_signed_in_before_is_no_news(clock, service):
    join(service)
    first, second = new_browser(service), new_browser(service)
    assert len(news(service)) == 1
    for browser in (first, second, first):
        browser.post("/api/v1/logout")
        clock.advance(days=100)
        log_in(browser)
    assert len(news(service)) == 1
    assert count_of(service, DeviceRow) == 2


def test_a_sign_up_is_no_news(service):
    browser = service.client(known=False)
    browser.post("/api/v1/signup", {"email": ADDRESS, "password": OTHER_PASSWORD})
    token = token_in(letters_to(service)[-1], "/signup/confirm")
    assert browser.post("/api/v1/signup/confirm", {"token": token}).status_code == 201
    assert news(service) == []
    assert log_in(browser, password=OTHER_PASSWORD).status_code == 200
    assert news(service) == []


def test_a_failed_sign_in_makes_no_browser_known(service):
    join(service)
    browser = service.client(known=False)
    log_in(browser, password=OTHER_PASSWORD)
    assert secret_of(browser, COOKIE) is None
    assert count_of(service, DeviceRow) == 0


def test_two_readers_of_one_browser_are_two_devices(service):
    join(service)
    join(service, "other@example.org")
    for email in (ADDRESS, "other@example.org"):
        new_browser(service, email=email)
    shared = new_browser(service)
    log_in(shared, "other@example.org")
    assert [len(news(service, email)) for email in (ADDRESS, "other@example.org")] == [1, 1]


@pytest.mark.case("LOG-20")
def test_many_new_browsers_send_few_letters(make_service, database):
    service = make_service(database, rate_limit_scale=1)
    join(service)
    for _ in range(6):
        new_browser(service)
    assert len(news(service)) == 3


def test_the_cookie_is_out_of_reach_of_scripts_lasts_a_year_and_is_stored_nowhere(service):
    join(service)
    browser = new_browser(service)
    cookie = browser.inner.get_cookie(COOKIE)
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    assert cookie.max_age == REMEMBERED.total_seconds()
    assert cookie.value not in everything_stored(service)
    assert count_of(service, DeviceRow, DeviceRow.secret_hash == digest(cookie.value)) == 1


@pytest.mark.parametrize("made_up", ["x", "a" * 100, "ä" * 43, "../../etc"])
def test_what_a_cookie_of_ours_cannot_be_is_replaced(service, made_up):
    join(service)
    browser = service.client(known=False)
    browser.inner.set_cookie(COOKIE, made_up)
    log_in(browser)
    assert secret_of(browser, COOKIE) != made_up
    assert len(secret_of(browser, COOKIE)) == 43


def test_a_reset_forgets_the_browsers_of_whoever_was_in_before(service):
    join(service)
    thief, owner = new_browser(service), service.client(known=False)
    owner.post("/api/v1/password/forgot", {"email": ADDRESS})
    token = token_in(letters_to(service)[-1], "/reset-password")
    owner.post("/api/v1/password/reset", {"token": token, "password": OTHER_PASSWORD})
    log_in(owner, password=OTHER_PASSWORD)
    assert news(service) == []
    log_in(thief, password=OTHER_PASSWORD)
    assert len(news(service)) == 1


def test_a_browser_unused_for_a_year_is_forgotten(clock, service):
    join(service)
    new_browser(service)
    with service.parts.store.write() as uow:
        assert uow.devices.purge(clock() - REMEMBERED) == 0
        clock.advance(days=366)
        assert uow.devices.purge(clock() - REMEMBERED) == 1
