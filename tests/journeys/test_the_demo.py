"""`make demo`: a reader of a magazine, its comments and its newsletter, none of which knows a password."""

import os
import re
import signal
import subprocess

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.reader import FIRST, SECOND
from tests.support.environment import process_environment
from tests.support.live import ROOT
from tests.support.processes import end_group, free_port

PLACE = re.compile(r"^  (\S.*?) +(http://\S+)$")
ADDRESS = "ada@example.org"


@pytest.fixture
def places():
    """What the command prints: where to click."""
    environment = process_environment({"PORT": str(free_port())})
    process = subprocess.Popen(
        ["make", "demo"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        shown = {}
        while line := process.stdout.readline():
            if found := PLACE.match(line):
                shown[found[1]] = found[2]
            elif shown:
                break
        yield shown
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
        process.wait(30)
        for place in shown.values():
            with pytest.raises(httpx2.ConnectError):
                httpx2.get(place, trust_env=False)
    finally:
        end_group(process)


class Ada:
    """A reader at a browser."""

    def __init__(self, page: Page, places: dict[str, str]) -> None:
        self.page, self.places = page, places

    def visits(self, place: str) -> None:
        self.page.goto(self.places[place])

    def reads(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def clicks(self, link: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=link, exact=True).click()

    def presses(self, button: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=button, exact=True).click()

    def follows_the_letter(self, subject: str, path: str) -> None:
        """Open the mailbox until the letter is there, and follow its link."""
        letter = self.page.get_by_role("link", name=re.compile(subject))
        for _ in range(100):
            self.visits("Mailbox")
            if letter.count():
                break
            self.page.wait_for_timeout(100)
        letter.first.click()
        self.page.locator(f"#links a[href*='{path}']").click()

    def signs_in(self, password: str) -> None:
        self.page.get_by_label("Email address").fill(ADDRESS)
        self.page.get_by_label("Password").fill(password)
        self.presses("Sign in")


def sees_at_last(page: Page, url: str, text: str) -> None:
    """Look again and again: what is told in the background takes a moment."""
    for _ in range(100):
        page.goto(url)
        if text in page.inner_text("main"):
            return
        page.wait_for_timeout(100)
    expect(page.get_by_role("main")).to_contain_text(text)


def test_one_account_opens_the_article_the_comments_and_the_newsletter(places, new_page):
    page = new_page(viewport={"width": 320, "height": 640})
    ada = Ada(page, places)

    # She wants to read what is for members, has no account, and takes the newsletter, too.
    ada.visits("Members' article")
    ada.reads("Sign in")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_label("Password").fill(FIRST)
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Yes, send me the newsletter").check()
    ada.presses("Create account")
    ada.reads("Check your inbox")
    ada.follows_the_letter("Confirm your account", "/signup/confirm")
    ada.presses("Confirm my account")
    ada.reads("The last keeper")
    expect(page.get_by_role("main")).to_contain_text("Welcome, Ada.")
    sees_at_last(page, places["Newsletter"], ADDRESS)

    # She comments without another question.
    ada.visits("Members' article")
    ada.clicks("Comments")
    ada.clicks("Sign in to comment")
    page.get_by_label("Your comment").fill("My grandfather <b>was</b> that keeper.")
    ada.presses("Comment as Ada")
    expect(page.get_by_role("main")).to_contain_text("Ada: My grandfather <b>was</b> that keeper.")

    # She signs out at the magazine, and is signed out in the comments.
    ada.clicks("Back to the article")
    ada.clicks("Sign out")
    ada.presses("Sign out")
    sees_at_last(page, places["Comments"], "Sign in to comment")
    ada.visits("Members' article")
    ada.reads("Sign in")

    # She has forgotten her password, and gets back to the very article.
    page.get_by_role("link", name="Forgot password?").click()
    page.get_by_label("Email address").fill(ADDRESS)
    ada.presses("Send instructions")
    ada.follows_the_letter("password", "/reset-password")
    page.get_by_label("New password").fill(SECOND)
    ada.presses("Save password")
    ada.signs_in(SECOND)
    ada.reads("The last keeper")
