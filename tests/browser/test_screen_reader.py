"""What a screen reader is given: the browser's accessibility tree of pages people need most, in its order."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.reader import FIRST

SIGN_IN = """
- main:
  - heading "Sign in" [level=1]
  - text: Email address
  - textbox "Email address"
  - text: Password
  - textbox "Password"
  - button "Show password"
  - checkbox "Keep me signed in"
  - text: Keep me signed in
  - link "Forgot password?"
  - button "Sign in"
  - button "Sign in with a passkey"
  - paragraph:
    - link "Email me a sign-in link"
  - paragraph:
    - text: New here?
    - link "Create an account"
"""
FORGOT = """
- main:
  - heading "Forgot password" [level=1]
  - paragraph: Enter the email address you used when you joined and we'll send you instructions to reset your password.
  - alert:
    - list:
      - listitem:
        - link "Enter a valid email address."
  - paragraph: Enter a valid email address.
  - textbox "Email address" [invalid]
  - button "Send instructions"
  - paragraph: /If you used Apple or Google/
  - paragraph:
    - link "Back to sign-in"
"""
MISSING = """
- banner:
  - link "The Masthead"
- main:
  - paragraph: Error 404
  - heading "This page is missing" [level=1]
  - paragraph: There is nothing here.
  - paragraph: The address may be mistyped, or the page may have moved.
  - link "Go to your account"
  - paragraph:
    - text: If you write to us, please quote
    - code
- contentinfo:
  - link "Back to The Masthead"
  - link "Help"
"""


@pytest.mark.parametrize(
    ("path", "sent", "heard"),
    [("/login", False, SIGN_IN), ("/forgot-password", True, FORGOT), ("/nowhere", False, MISSING)],
)
def test_everything_has_its_name_and_its_place(site, new_browser, path, sent, heard):
    page = new_browser(site)
    page.goto(path)
    if sent:
        page.get_by_role("button", name="Send instructions").click()
        expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("body")).to_match_aria_snapshot(heard)


def test_a_device_is_signed_out_by_a_button_that_says_which(site, new_reader):
    """Two buttons of one word would be told apart by sight alone."""
    reader = new_reader(site)
    reader.join()
    reader.page.goto("/account/devices")
    expect(reader.page.get_by_role("main")).to_contain_text("You are signed in nowhere else.")
    credentials = {"email": reader.address, "password": FIRST}
    httpx2.post(
        f"{site.url}/api/v1/login", json=credentials, headers={"User-Agent": "curl/8.5"}, trust_env=False
    )
    reader.page.reload()
    expect(reader.page.get_by_role("button", name="Sign out curl")).to_be_visible()
