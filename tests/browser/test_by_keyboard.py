"""The main journey with the keyboard alone: every stop is seen, in the order of the page, and nothing traps.

WCAG 2.2: 2.1.1, 2.1.2, 2.4.3, 2.4.7 and 2.4.11.
"""

from itertools import pairwise

from playwright.sync_api import expect

from tests.browser.reader import FIRST, SECOND

HERE = """() => {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return {
    name: (e.labels?.[0] ?? e).innerText.trim(),
    place: e.matches(".skip") ? -1 : box.top + scrollY,
    bare: e.contains(there) || [...(e.labels ?? [])].some((label) => label.contains(there)),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0,
  };
}"""


class Keyboard:
    """Goes from stop to stop with Tab and looks at each."""

    def __init__(self, page):
        self.page = page

    def tab_to(self, name):
        places = []
        for _ in range(30):
            self.page.keyboard.press("Tab")
            here = self.page.evaluate(HERE)
            assert here["ring"], f"the focus on {here['name']!r} cannot be seen"
            assert here["bare"], f"something lies over {here['name']!r}, or it is out of sight"
            places.append(here["place"])
            if here["name"].startswith(name):
                # within a line the baseline varies by some pixels
                assert all(b > a - 30 for a, b in pairwise(places)), places
                return
        raise AssertionError(f"Tab never reached {name!r}")

    def type_into(self, name, text):
        self.tab_to(name)
        self.page.keyboard.type(text)

    def enter(self):
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


def test_a_reader_needs_no_mouse(site, new_reader):
    reader = new_reader(site, java_script_enabled=False)
    page, keys = reader.page, Keyboard(reader.page)
    page.goto("/login")
    keys.tab_to("Create an account")
    keys.enter()
    keys.type_into("Email address", reader.address)
    keys.type_into("Password", FIRST)
    keys.tab_to("Yes, send me the newsletter.")
    page.keyboard.press("Space")
    keys.tab_to("Create account")
    keys.enter()
    reader.reads("Check your inbox")
    page.goto(reader.next_letter().link("/signup/confirm"))
    keys.tab_to("Confirm my account")
    keys.enter()
    reader.is_told("Welcome. Your address is confirmed and you are signed in.")
    keys.tab_to("Sign out")
    keys.enter()
    reader.is_told("You are signed out.")

    keys.type_into("Email address", reader.address)
    keys.type_into("Password", "not the password")
    keys.enter()
    reader.is_alerted("The email address or the password is not right.")
    keys.tab_to("Forgot password?")
    keys.enter()
    keys.type_into("Email address", reader.address)
    keys.enter()
    reader.reads("Check your inbox")
    page.goto(reader.next_letter().link("/reset-password"))
    keys.type_into("New password", SECOND)
    keys.enter()
    reader.is_told("Your password is changed. Sign in with the new one.")
    keys.type_into("Email address", reader.address)
    keys.type_into("Password", SECOND)
    keys.enter()
    reader.is_at("/account")

    keys.tab_to("Change email address")
    keys.enter()
    keys.type_into("New email address", "not an address")
    keys.tab_to("Send the link")
    keys.enter()
    expect(page.get_by_role("alert")).to_be_focused()
    keys.tab_to("Enter a valid email address.")
    page.keyboard.press("Enter")
    expect(page.get_by_label("New email address")).to_be_focused()


def test_skip_link_leads_past_the_nameplate(site, new_reader):
    page = new_reader(site).page
    page.goto("/login")
    keys = Keyboard(page)
    keys.tab_to("Skip to content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(HERE)["name"] == "Email address"
