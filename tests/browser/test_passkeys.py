"""Passkeys in a real browser, with an authenticator of its own: added, used to sign in, used as the second step."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import CDPSession, expect
from pyotp import TOTP

from tests.browser.inspection import faults_of
from tests.browser.reader import FIRST
from tests.browser.test_by_keyboard import Keyboard
from tests.support.authenticator import next_code

VERIFIES = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
OLD_BROWSER = """
  for (const name of ["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"]) delete PublicKeyCredential[name];
  delete PublicKeyCredential.prototype.toJSON;
"""
BUTTONS_ALONE = "delete PublicKeyCredential.isConditionalMediationAvailable"
ASKED = "**/login/passkey/options"


@dataclass
class Device:
    """The authenticator of a reader's device. It answers whatever it is asked, at once."""

    session: CDPSession
    id: str

    @classmethod
    def of(cls, page):
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        added = session.send("WebAuthn.addVirtualAuthenticator", {"options": VERIFIES})
        return cls(session, added["authenticatorId"])

    def passkeys(self):
        return self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def set(self, command, **options):
        self.session.send(f"WebAuthn.{command}", {"authenticatorId": self.id, **options})


@pytest.fixture
def reader(site, new_reader):
    """Somebody with a device and an account, signed in, whose browser leaves passkeys to buttons."""
    reader = new_reader(site)
    reader.page.add_init_script(BUTTONS_ALONE)
    reader.device = Device.of(reader.page)
    reader.join()
    return reader


def add_passkey(reader, name="My phone"):
    reader.page.goto("/account/passkeys")
    reader.page.get_by_label("Name").fill(name)
    reader.page.get_by_label("Current password").fill(FIRST)
    reader.press("Add a passkey")
    reader.is_told("Your passkey is added. You can sign in with it from now on.")
    expect(reader.page.get_by_role("heading", name=name)).to_be_visible()


def turn_on(reader):
    """Set an authenticator app up; return its secret."""
    page = reader.page
    page.goto("/account/second-factor")
    page.get_by_label("Current password").fill(FIRST)
    reader.press("Set up an authenticator app")
    secret = page.locator(".key").inner_text().replace(" ", "")
    page.get_by_label("Code").fill(TOTP(secret).now())
    reader.press("Turn it on")
    reader.reads("Your recovery codes")
    return secret


def at_the_second_step(reader, next_page=""):
    """Type the password."""
    reader.page.goto(f"/login?next={next_page}" if next_page else "/login")
    reader.sign_in(FIRST)
    reader.reads("One more step")


def test_a_passkey_is_added_signs_in_and_is_removed(reader):
    add_passkey(reader)
    (made,) = reader.device.passkeys()
    assert made["isResidentCredential"]
    reader.sign_out()
    page = reader.page
    page.goto("/login?next=/account/devices")
    page.get_by_label("Keep me signed in").check()
    reader.press("Sign in with a passkey")
    reader.is_at("/account/devices")
    session = next(one for one in page.context.cookies() if one["name"] == "masthead")
    assert session["expires"] > 0
    page.goto("/account/passkeys")
    expect(page.get_by_role("main")).to_contain_text("Last used just now")
    page.get_by_role("link", name="Remove My phone").click()
    reader.reads("Remove a passkey")
    page.get_by_label("Current password").fill(FIRST)
    reader.press("Remove this passkey")
    reader.is_told("The passkey is removed. You are signed out everywhere else.")
    expect(page.get_by_role("main")).to_contain_text("You have no passkey yet.")


def test_the_address_field_offers_passkeys_once_somebody_is_there(site, new_reader):
    """The authenticator stands for the reader who picks one from the list."""
    reader = new_reader(site)
    reader.device = Device.of(reader.page)
    reader.join()
    add_passkey(reader)
    reader.page.context.clear_cookies()
    page, asked = reader.page, []
    page.on("request", lambda request: asked.append(request.url) if "passkey" in request.url else None)
    page.goto("/login?next=/account/devices", wait_until="networkidle")
    assert asked == []
    page.get_by_label("Email address").focus()
    reader.is_at("/account/devices")


def test_a_browser_that_reads_no_json_of_its_own_can_do_it_too(site, new_reader):
    reader = new_reader(site)
    reader.page.add_init_script(OLD_BROWSER + BUTTONS_ALONE)
    reader.device = Device.of(reader.page)
    reader.join()
    add_passkey(reader)
    reader.sign_out()
    reader.page.goto("/login")
    reader.press("Sign in with a passkey")
    reader.is_at("/account")


def test_the_same_device_makes_no_second_passkey(reader):
    add_passkey(reader)
    reader.page.get_by_label("Current password").fill(FIRST)
    reader.press("Add a passkey")
    expect(reader.page.get_by_role("alert")).to_have_text(
        "This device has a passkey for your account already."
    )
    assert len(reader.device.passkeys()) == 1


def test_a_wrong_password_adds_none_and_is_told(reader):
    reader.page.goto("/account/passkeys")
    reader.page.get_by_label("Current password").fill("wrong")
    reader.press("Add a passkey")
    expect(reader.page.get_by_role("alert")).to_contain_text("is not right")
    assert reader.device.passkeys() == []


def test_what_the_page_finds_wrong_stands_beside_the_field_and_can_be_mended(reader):
    page = reader.page
    page.goto("/account/passkeys")
    page.get_by_label("Name").fill("x" * 101)
    page.get_by_label("Current password").fill(FIRST)
    reader.press("Add a passkey")
    expect(page.get_by_label("Name")).to_have_accessible_description(
        "Use at most 100 characters. What you will know it by, such as the device it is on."
    )


def test_a_reader_s_own_no_is_not_talked_about(reader):
    add_passkey(reader)
    reader.sign_out()
    page = reader.page
    reader.device.set("setUserVerified", isUserVerified=False)
    page.goto("/login")
    with page.expect_response(ASKED):
        reader.press("Sign in with a passkey")
    button = page.get_by_role("button", name="Sign in with a passkey")
    expect(button).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("alert")).to_have_count(0)
    reader.device.set("setUserVerified", isUserVerified=True)
    button.click()
    reader.is_at("/account")


def test_a_passkey_nobody_knows_any_more_is_told(reader):
    add_passkey(reader)
    page = reader.page
    page.get_by_role("link", name="Remove My phone").click()
    page.get_by_label("Current password").fill(FIRST)
    reader.press("Remove this passkey")
    reader.is_told("The passkey is removed. You are signed out everywhere else.")
    reader.sign_out()
    with page.expect_response("**/api/v1/login/passkey"):
        reader.press("Sign in with a passkey")
    expect(page.get_by_role("alert")).to_have_text(
        "This passkey did not work here. Try again, or sign in another way."
    )


def test_a_passkey_is_the_second_step_and_the_way_on_is_kept(reader):
    add_passkey(reader)
    turn_on(reader)
    reader.sign_out()
    at_the_second_step(reader, "/account/devices")
    reader.press("Use a passkey")
    reader.is_at("/account/devices")
    reader.sign_out()
    reader.page.goto("/login")
    reader.press("Sign in with a passkey")  # both factors in one
    reader.is_at("/account")


def test_somebody_else_s_passkey_is_no_second_step(site, reader, new_reader):
    add_passkey(reader)
    turn_on(reader)
    reader.sign_out()
    at_the_second_step(reader)
    stranger = new_reader(site)
    stranger.page.add_init_script(BUTTONS_ALONE)
    stranger.device = Device.of(stranger.page)
    stranger.join()
    add_passkey(stranger)
    (theirs,) = stranger.device.passkeys()
    (ours,) = reader.device.passkeys()
    reader.device.set("removeCredential", credentialId=ours["credentialId"])
    reader.device.set("addCredential", credential=theirs)
    reader.press("Use a passkey")
    reader.is_alerted("This passkey did not work here. Try again, or sign in another way.")
    reader.is_at("/login/mfa")


def test_by_keyboard_alone_from_the_password_past_the_second_step(reader):
    secret = turn_on(reader)
    page, keys = reader.page, Keyboard(reader.page)
    reader.sign_out()
    keys.type_into("Email address", reader.address)
    keys.type_into("Password", FIRST)
    keys.enter()
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type("000000")
    keys.enter()
    expect(page.get_by_role("alert")).to_be_focused()
    keys.tab_to("This code is not right")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(next_code(secret))
    keys.enter()
    reader.reads("Your account")


def test_a_passkey_is_added_and_used_by_keyboard_alone(reader):
    page, keys = reader.page, Keyboard(reader.page)
    page.goto("/account/passkeys")
    keys.type_into("Name", "Desk")
    keys.type_into("Current password", FIRST)
    keys.enter()
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    reader.sign_out()
    keys.tab_to("Sign in with a passkey")
    keys.enter()
    reader.is_at("/account")


def test_without_a_script_a_passkey_is_not_offered_and_the_page_says_why(site, new_reader):
    reader = new_reader(site, java_script_enabled=False)
    reader.join()
    page = reader.page
    page.goto("/account/passkeys")
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    page.goto("/login?again=1")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


def test_a_browser_without_passkeys_is_told_so_where_one_is_made(site, new_reader):
    reader = new_reader(site)
    reader.page.add_init_script("delete window.PublicKeyCredential")
    reader.join()
    reader.page.goto("/account/passkeys")
    expect(reader.page.get_by_role("main")).to_contain_text("This browser knows no passkeys.")
    reader.page.goto("/login?again=1")
    expect(reader.page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


def test_every_page_of_the_second_step_is_sound(reader):
    page, faults = reader.page, []

    def look(path=None):
        if path:
            page.goto(path)
        faults.extend(faults_of(page))

    look("/account/passkeys")
    reader.device = Device.of(page)  # looking at the accessibility tree has taken it away
    add_passkey(reader)
    look()
    look("/account/identities")
    page.goto("/account/passkeys")
    page.get_by_role("link", name="Remove My phone").click()
    reader.press("Remove this passkey")
    expect(page.get_by_role("alert")).to_be_visible()
    look()
    look("/account/second-factor")
    page.get_by_label("Current password").fill(FIRST)
    reader.press("Set up an authenticator app")
    reader.reads("Set up your authenticator app")
    look()
    secret = page.locator(".key").inner_text().replace(" ", "")
    page.get_by_label("Code").fill("000000")
    reader.press("Turn it on")
    expect(page.get_by_role("alert")).to_be_visible()
    look()
    page.get_by_label("Code").fill(TOTP(secret).now())
    reader.press("Turn it on")
    reader.reads("Your recovery codes")
    look()
    look("/account/second-factor")
    reader.press("Turn it off")
    expect(page.get_by_role("alert")).to_be_visible()
    look()
    reader.sign_out()
    reader.device = Device.of(page)
    at_the_second_step(reader)
    look()
    reader.press("Sign in")
    expect(page.get_by_role("alert")).to_be_visible()
    look()
    look("/login/mfa?recovery=1")
    assert faults == []


def test_recovery_codes_can_be_downloaded(reader):
    turn_on(reader)
    shown = reader.page.locator(".codes code").all_inner_texts()
    with reader.page.expect_download() as download:
        reader.page.get_by_role("link", name="Download them").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert download.value.path().read_text().split("\n")[2:-1] == shown
