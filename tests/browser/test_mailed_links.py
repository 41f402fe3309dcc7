"""Links in letters, opened by people in other browsers, by scanners before them, and too late."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.reader import FIRST, SECOND


def scan(link: str) -> None:
    """Look at a link as mail scanners do: with HEAD and GET, following it, keeping cookies and not."""
    for headers in ({"Sec-Purpose": "prefetch"}, {"User-Agent": "Mozilla/5.0 (scanner)"}):
        with httpx2.Client(follow_redirects=True, headers=headers, trust_env=False) as scanner:
            scanner.head(link)
            assert scanner.get(link).status_code == 200
            assert scanner.get(link).status_code == 200
    assert httpx2.get(link, trust_env=False).status_code == 303


@pytest.mark.case("RST-37")
def test_a_scanner_uses_no_link_up(site, new_reader, new_browser):
    reader = new_reader(site)
    reader.ask_to_join()
    link = reader.next_letter().link("/signup/confirm")
    scan(link)
    new_browser(site).goto(link)
    reader.page.goto(link)
    reader.press("Confirm my account")
    reader.is_at("/account")

    reader.sign_out()
    reader.page.goto("/forgot-password")
    reader.ask_to_reset()
    link = reader.next_letter().link("/reset-password")
    scan(link)
    new_browser(site).goto(link)
    reader.page.goto(link)
    reader.choose(SECOND)
    reader.is_told("Your password is changed. Sign in with the new one.")


@pytest.mark.case("SGN-03")
def test_a_confirmation_in_another_browser_asks_for_a_password(site, new_reader, new_browser):
    reader = new_reader(site)
    reader.ask_to_join(password=FIRST)
    link = reader.next_letter().link("/signup/confirm")
    elsewhere = reader.at(new_browser(site))
    elsewhere.page.goto(link)
    expect(elsewhere.page.get_by_label("Email address")).to_have_value(reader.address)
    elsewhere.press("Confirm my account")
    elsewhere.is_alerted("Choose a password to finish signing up.")
    elsewhere.page.get_by_label("Password").fill(SECOND)
    elsewhere.press("Confirm my account")
    elsewhere.is_at("/account")

    reader.page.goto("/login")
    reader.sign_in(FIRST)
    reader.is_alerted("The email address or the password is not right.")
    reader.sign_in(SECOND)
    reader.is_at("/account")


@pytest.mark.case("RST-53")
def test_a_link_leaves_no_token_in_address_or_page(site, new_reader):
    reader = new_reader(site)
    reader.join()
    reader.sign_out()
    reader.page.goto("/forgot-password")
    reader.ask_to_reset()
    link = reader.next_letter().link("/reset-password")
    reader.page.goto(link)
    reader.is_at("/reset-password")
    assert link.partition("token=")[2] not in reader.page.content()
    assert reader.page.evaluate("document.cookie") == ""


def test_a_used_link_leads_on(site, new_reader, new_browser):
    reader = new_reader(site)
    reader.ask_to_join()
    joined = reader.next_letter().link("/signup/confirm")
    reader.page.goto(joined)
    reader.press("Confirm my account")
    reader.page.goto(joined)
    reader.reads("This link no longer works")
    reader.page.get_by_role("main").get_by_role("link", name="Sign in").click()
    reader.is_at("/account")

    reader.sign_out()
    reader.page.goto("/forgot-password")
    reader.ask_to_reset()
    link = reader.next_letter().link("/reset-password")
    reader.page.goto(link)
    reader.choose(SECOND)
    elsewhere = reader.at(new_browser(site))
    elsewhere.page.goto(link)
    elsewhere.reads("This link no longer works")
    elsewhere.page.get_by_role("link", name="Send a new link").click()
    elsewhere.reads("Forgot password")


def test_a_form_out_of_date_leads_back_to_the_same_form(site, new_reader):
    """Signing in and out in another tab takes the token of a form that was open all the time."""
    reader = new_reader(site)
    reader.join()
    reader.sign_out()
    reader.page.goto("/login?next=/account/devices")
    other_tab = reader.at(reader.page.context.new_page())
    other_tab.page.goto("/login")
    other_tab.sign_in(FIRST)
    other_tab.sign_out()
    reader.sign_in(FIRST)
    reader.reads("Please try again")
    reader.page.get_by_role("link", name="Open the form again").click()
    reader.sign_in(FIRST)
    reader.is_at("/account/devices")
