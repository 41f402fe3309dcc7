"""A person at a browser: joins, signs in, forgets, gets back in, by what the pages and letters say."""

from dataclasses import dataclass, replace

from playwright.sync_api import Page, expect

from tests.support.live import LiveService
from tests.support.smtp import Letter

FIRST, SECOND, THIRD = "sepia lantern forty-two", "quiet harbour at noon", "a third lantern, unlit"


@dataclass
class Reader:
    """`letters_read` counts the letters that were looked at; the next one is waited for."""

    page: Page
    site: LiveService
    address: str
    letters_read: int = 0

    def at(self, page: Page) -> "Reader":
        """The same person at another browser."""
        return replace(self, page=page)

    def next_letter(self) -> Letter:
        letters = self.site.mailbox.wait_for(self.letters_read + 1, to=self.address, timeout=20)
        self.letters_read += 1
        return letters[self.letters_read - 1]

    def press(self, button: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=button, exact=True).click()

    def ask_to_join(self, password: str = FIRST, next: str = "") -> None:
        self.page.goto(f"/signup?next={next}" if next else "/signup")
        self.page.get_by_label("Email address").fill(self.address)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_label("Name").fill("Ada")
        self.press("Create account")
        self.reads("Check your inbox")

    def join(self, password: str = FIRST, next: str = "") -> None:
        """From the sign-up form to being signed in."""
        self.ask_to_join(password, next)
        self.page.goto(self.next_letter().link("/signup/confirm"))
        self.press("Confirm my account")
        self.is_told("Welcome. Your address is confirmed and you are signed in.")

    def sign_in(self, password: str) -> None:
        """Fill in the sign-in form that is open."""
        self.page.get_by_label("Email address").fill(self.address)
        self.page.get_by_label("Password").fill(password)
        self.press("Sign in")

    def sign_out(self) -> None:
        self.page.goto("/account")
        self.press("Sign out")
        self.is_told("You are signed out.")

    def ask_to_reset(self) -> None:
        """Fill in the forgot-password form that is open."""
        self.page.get_by_label("Email address").fill(self.address)
        self.press("Send instructions")
        self.reads("Check your inbox")

    def choose(self, password: str) -> None:
        """Fill in the new password on the page that is open."""
        self.page.get_by_label("New password").fill(password)
        self.press("Save password")

    def reads(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def is_told(self, notice: str) -> None:
        expect(self.page.get_by_role("status")).to_have_text(notice)

    def is_alerted(self, sentence: str) -> None:
        """The alert is there, says it, and has the focus, so that it is read out."""
        expect(self.page.get_by_role("alert")).to_have_text(sentence)
        expect(self.page.get_by_role("alert")).to_be_focused()

    def is_at(self, path: str) -> None:
        expect(self.page).to_have_url(f"{self.site.url}{path}")
