"""Every change to a second factor or a passkey is told to the account's owner, with what to do if it was not theirs."""

import pytest
from pyotp import TOTP

from tests.flows.people import ADDRESS, PASSWORD, STAFF, code_of, join, letters_to, log_in, signed_in
from tests.support.authenticator import Authenticator
from tests.support.pages import text_of

SECOND_FACTOR, PASSKEYS, FORGOT = "/account/second-factor", "/account/passkeys", "/forgot-password"
APP = "/api/v1/me/mfa/totp"
CODES = "/api/v1/me/mfa/recovery-codes"
AGAIN = {"current_password": PASSWORD}


@pytest.fixture
def reader(clock, service):
    """A browser of Ada's, signed in."""
    join(service, name="Ada")
    browser = signed_in(service)
    browser.headers |= {"User-Agent": "Mozilla/5.0 (iPhone) Version/17.5 Safari/604.1"}
    return browser


def turn_on(browser):
    """Set an app up; its recovery codes."""
    offered = browser.post(APP, AGAIN)
    assert offered.status_code == 201, offered.text
    return confirm(browser, offered.json["secret"])


def confirm(browser, secret):
    confirmed = browser.post(f"{APP}/confirm", {"code": TOTP(secret).now()})
    assert confirmed.status_code == 200, confirmed.text
    return confirmed.json["recovery_codes"]


def add_passkey(service, browser, **more):
    offered = browser.post("/api/v1/me/passkey-options", AGAIN)
    made = Authenticator(service.settings.public_url).make(offered.json["options"])
    added = browser.post("/api/v1/me/passkeys", {"credential": made, **more})
    assert added.status_code == 201, added.text
    return added.json["id"]


def letter_of(service, subject):
    """The one letter with this subject."""
    (letter,) = [one for one in letters_to(service) if one.message["Subject"] == subject]
    return letter


def words(letter):
    """A letter's text as if it were one line."""
    return " ".join(text_of(letter.message).split())


@pytest.mark.case("MFA-06")
def test_an_app_is_told_with_time_place_and_what_to_do(service, reader):
    turn_on(reader)
    letter = letter_of(service, "An authenticator app was added to your account at The Masthead")
    assert letter.message["To"] == ADDRESS
    assert letter.message["Content-Language"] == "en"
    for said in ("Hello Ada", "Safari on iPhone", "127.0.0.1", "UTC", "signing in asks for a second step"):
        assert said in words(letter)
    assert letter.link(FORGOT)
    assert "write to us: " in words(letter)
    assert SECOND_FACTOR not in words(letter), "who has no code of the app cannot sign in to look"


def test_an_app_that_has_shown_no_code_is_no_news(service, reader):
    assert reader.post(APP, AGAIN).status_code == 201
    assert letters_to(service) == []


@pytest.mark.case("MFA-06")
def test_an_app_s_removal_is_told(service, reader):
    code = turn_on(reader)[0]
    assert reader.delete(APP, {"code": code}).status_code == 204
    letter = letter_of(service, "The authenticator app was removed from your account at The Masthead")
    assert "no longer asks for a second step" in words(letter)
    assert letter.link(FORGOT)
    assert letter.link(SECOND_FACTOR)


def test_an_app_s_removal_by_staff_is_told_without_where_staff_are(service):
    account = join(service)
    turn_on(signed_in(service))
    service.parts.flows.second_factor.remove_for(account.id, STAFF)
    letter = letter_of(service, "The authenticator app was removed from your account at The Masthead")
    assert "When: " in words(letter)
    assert "Device: " not in words(letter)
    assert STAFF.ip not in words(letter)


@pytest.mark.case("MFA-05")
def test_new_recovery_codes_are_told(service, reader):
    code = turn_on(reader)[0]
    renewed = reader.post(CODES, {"code": code})
    assert renewed.status_code == 201
    letter = letter_of(service, "Your recovery codes at The Masthead were replaced")
    assert "Those of before no longer work." in words(letter)
    assert letter.link(SECOND_FACTOR)
    assert [code for code in renewed.json["recovery_codes"] if code in letter.raw.decode()] == []


@pytest.mark.case("MFA-05")
def test_recovery_codes_that_are_gone_are_told(service, reader):
    code = turn_on(reader)[0]
    assert reader.delete(CODES, {"code": code}).status_code == 204
    letter = letter_of(service, "Your recovery codes at The Masthead were removed")
    assert "if you lose your authenticator app" in words(letter)
    assert letter.link(FORGOT)
    assert letter.link(SECOND_FACTOR)


@pytest.mark.case("MFA-05")
def test_each_recovery_code_that_is_used_is_told_with_how_many_are_left(clock, service, reader):
    codes = turn_on(reader)
    said = []
    for code in codes:
        waiting = log_in(service.client())
        assert code_of(waiting) == "mfa_required"
        done = service.client().post(
            "/api/v1/login/mfa",
            {"mfa_token": waiting.json["mfa_token"], "method": "recovery_code", "code": code},
        )
        assert done.status_code == 200, done.text
        used = [one for one in letters_to(service) if "recovery code was used" in one.message["Subject"]]
        assert len(used) == len(said) + 1
        said.append(words(used[-1]))
        clock.advance(minutes=10)
    assert "You have 9 recovery codes left." in said[0]
    assert "You have 1 recovery code left." in said[8]
    assert "It was the last one: make new ones before you need them." in said[9]


@pytest.mark.case("MFA-06")
def test_a_passkey_is_told_by_its_name(service, reader):
    add_passkey(service, reader, name="Ada's phone")
    letter = letter_of(service, "A passkey was added to your account at The Masthead")
    assert "Passkey: Ada's phone" in words(letter)
    assert "Device: Safari on iPhone" in words(letter)
    assert letter.link(FORGOT)
    assert letter.link(PASSKEYS)


@pytest.mark.case("MFA-06")
def test_a_passkey_s_removal_is_told(service, reader):
    passkey = add_passkey(service, reader)
    assert reader.delete(f"/api/v1/me/passkeys/{passkey}", AGAIN).status_code == 204
    letter = letter_of(service, "A passkey was removed from your account at The Masthead")
    assert "Passkey: Safari on iPhone" in words(letter)
    assert letter.link(FORGOT)
    assert letter.link(PASSKEYS)


@pytest.mark.case("INJ-08")
def test_a_passkey_s_name_that_could_become_a_link_is_left_out(service, reader):
    add_passkey(service, reader, name="https://evil.example/undo")
    letter = letter_of(service, "A passkey was added to your account at The Masthead")
    assert "Passkey: " not in words(letter)
    assert "evil" not in letter.raw.decode()
