"""Every page, light and dark: sound at phone and desktop width, named for screen readers, readable, ours alone."""

from dataclasses import replace

import httpx2
from playwright.sync_api import expect

from tests.browser.inspection import faults_of
from tests.browser.reader import FIRST


def pages(reader, unconfirmed_link):
    """Open page after page, as a reader meets them who makes every mistake; yield each."""
    page = reader.page
    yield page.goto("/signup")
    reader.press("Create account")
    yield reader.reads("Create an account")
    reader.ask_to_join()
    yield
    page.goto(unconfirmed_link)
    yield reader.reads("Confirm your account")
    reader.press("Confirm my account")
    yield expect(page.get_by_role("alert")).to_be_visible()
    page.goto(reader.next_letter().link("/signup/confirm"))
    yield reader.reads("Confirm your account")
    reader.press("Confirm my account")
    yield reader.reads("Your account")
    yield page.goto("/signup/confirm?token=used")
    with httpx2.Client(base_url=reader.site.url, trust_env=False, headers={"User-Agent": "x" * 300}) as other:
        other.post("/api/v1/login", json={"email": reader.address, "password": FIRST})
    assert "new device" in reader.next_letter().message["Subject"]
    yield page.goto("/account/devices")
    reader.press("Sign out everywhere else")
    yield reader.reads("Your devices")
    yield page.goto("/account/password")
    reader.press("Save password")
    yield expect(page.get_by_role("alert")).to_be_visible()
    page.goto("/account")
    page.get_by_label("Name").fill("x" * 101)
    reader.press("Save")
    yield expect(page.get_by_role("alert")).to_be_visible()
    yield from address_pages(reader)
    yield page.goto("/account/delete")
    reader.press("Delete my account")
    yield expect(page.get_by_role("alert")).to_be_visible()
    yield page.goto("/login?again=1")
    yield page.goto("/login/link")
    page.get_by_label("Email address").fill("")
    reader.press("Send the link")
    yield expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Email address").fill(reader.address)
    reader.press("Send the link")
    yield reader.reads("Check your inbox")
    page.goto(reader.next_letter().link("/login/link/confirm"))
    yield reader.reads("Sign in")
    yield page.goto("/login/link/confirm?token=broken")
    yield page.goto("/logout")
    reader.press("Sign out")
    yield reader.reads("Sign in")
    reader.press("Sign in")
    yield expect(page.get_by_role("alert")).to_be_visible()
    yield page.goto("/forgot-password?next=/account")
    reader.press("Send instructions")
    yield expect(page.get_by_role("alert")).to_be_visible()
    reader.ask_to_reset()
    yield
    page.goto(reader.next_letter().link("/reset-password"))
    yield reader.reads("Choose a new password")
    reader.choose("password")
    yield expect(page.get_by_role("alert")).to_be_visible()
    yield page.goto("/reset-password?token=broken")
    page.goto("/login")
    page.context.clear_cookies()
    reader.press("Sign in")
    yield reader.reads("Please try again")
    yield page.goto("/there/is/nothing")
    yield page.goto("/docs")


def address_pages(reader):
    """The pages of a change of address there and back again."""
    page, mover = reader.page, replace(reader, address=f"new-{reader.address}", letters_read=0)
    page.goto("/account/email")
    reader.press("Send the link")
    yield expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("New email address").fill(mover.address)
    page.get_by_label("Current password").fill(FIRST)
    reader.press("Send the link")
    yield reader.reads("Check your inbox")
    page.goto(mover.next_letter().link("/account/email/confirm"))
    yield reader.reads("Confirm your new address")
    yield page.goto("/account/email/undo?token=broken")
    yield page.goto("/account/not-me?token=broken")


def test_every_page_is_sound(site, new_reader):
    stranger = new_reader(site)
    stranger.ask_to_join()
    link = stranger.next_letter().link("/signup/confirm")
    reader = new_reader(site)
    faults, seen = [], set()
    for _ in pages(reader, link):
        seen.add(reader.page.title())
        faults += faults_of(reader.page)
    assert faults == []
    assert len(seen) >= 26, seen


def test_mistakes_are_told_above_and_beside_their_fields(site, new_reader):
    reader = new_reader(site, java_script_enabled=False)
    page = reader.page
    page.goto("/signup")
    page.get_by_label("Email address").fill("ada@")
    page.get_by_label("Password").fill("ada")
    page.get_by_label("Name").fill("Ada")
    reader.press("Create account")
    reader.is_alerted("Enter a valid email address. Use at least 8 characters.")
    email, password = page.get_by_label("Email address"), page.get_by_label("Password")
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description("Enter a valid email address.")
    expect(password).to_have_accessible_description(
        "Use at least 8 characters."
        " At least 8 characters. A few unrelated words are strong and easy to remember."
    )
    expect(page.get_by_label("Name")).not_to_have_attribute("aria-invalid", "true")
    assert [email.input_value(), password.input_value()] == ["ada@", ""]
    page.get_by_role("link", name="Use at least 8 characters.").click()
    expect(password).to_be_focused()


def test_forced_colours_and_less_motion_are_respected(site, new_reader):
    page = new_reader(site, forced_colors="active", reduced_motion="reduce").page
    page.goto("/login")
    button = page.get_by_role("button", name="Sign in", exact=True)
    style = button.evaluate(
        "e => { const s = getComputedStyle(e); return [s.borderTopColor, s.color, s.transitionDuration] }"
    )
    assert style[0] == style[1]
    assert style[2] == "0s"
