"""Join, leave, forget, get back in: on a desktop and a phone, with scripts and without, on both databases."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.reader import FIRST, SECOND, THIRD

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 320, "height": 640}
ARTICLE = "/account/devices"


@pytest.mark.parametrize(
    ("database", "viewport", "scripts"),
    [
        pytest.param("sqlite", DESKTOP, True, id="sqlite-desktop"),
        pytest.param("sqlite", PHONE, False, id="sqlite-phone-without-scripts"),
        pytest.param("postgres", PHONE, True, id="postgres-phone"),
        pytest.param("postgres", DESKTOP, False, id="postgres-desktop-without-scripts"),
    ],
)
def test_a_reader_joins_and_gets_back_in(request, new_reader, database, viewport, scripts):
    site = request.getfixturevalue(f"{database}_site")
    reader = new_reader(site, viewport=viewport, java_script_enabled=scripts)
    page = reader.page
    reader.join(next=ARTICLE)
    reader.is_at(ARTICLE)

    page.get_by_role("navigation", name="Your account").get_by_role("link", name="Account").click()
    expect(page.get_by_role("main")).to_contain_text(f"{reader.address} Confirmed")
    page.get_by_role("navigation", name="Your account").get_by_role("link", name="Password").click()
    page.get_by_label("Current password").fill(FIRST)
    reader.choose(SECOND)
    reader.is_told("Your password is changed. You are signed out everywhere else.")
    reader.sign_out()

    page.goto(ARTICLE)
    reader.is_at("/login?next=%2Faccount%2Fdevices")
    reader.sign_in(FIRST)
    reader.is_alerted("The email address or the password is not right.")
    expect(page).to_have_title(re.compile("^Error: "))
    page.get_by_role("link", name="Forgot password?").click()
    reader.ask_to_reset()
    assert "was changed" in reader.next_letter().message["Subject"]
    page.goto(reader.next_letter().link("/reset-password"))
    reader.is_at("/reset-password")
    reader.choose("password")
    reader.is_alerted("This password is on lists that attackers try first. Choose another.")
    reader.choose(THIRD)
    reader.is_told("Your password is changed. Sign in with the new one.")
    reader.sign_in(THIRD)
    reader.is_at(ARTICLE)
    assert "was changed" in reader.next_letter().message["Subject"]


def test_a_reader_ends_another_device(site, new_reader, new_browser):
    reader = new_reader(site)
    reader.join(next=ARTICLE)
    phone = reader.at(new_browser(site, user_agent="Mozilla/5.0 (iPhone) Version/17.5 Safari/604.1"))
    phone.page.goto("/login")
    phone.sign_in(FIRST)
    phone.is_at("/account")

    reader.page.reload()
    devices = reader.page.get_by_role("main").get_by_role("listitem")
    expect(devices).to_have_count(2)
    expect(devices.first).to_contain_text("This device")
    reader.page.get_by_role("button", name=re.compile("Sign out.*iPhone")).click()
    reader.is_told("That device is signed out.")
    expect(devices).to_have_count(1)
    phone.page.reload()
    phone.is_at("/login?next=%2Faccount")
