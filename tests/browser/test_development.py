"""What a newcomer meets after `make run`: everything in one process, letters in the dev mailbox."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.inspection import Watch, faults_of, refused
from tests.browser.reader import FIRST
from tests.support.environment import process_environment
from tests.support.live import ROOT
from tests.support.processes import end_group, free_port

ERRORS = {
    400: "That did not work",
    403: "We had to say no",
    404: "This page is missing",
    500: "The mistake is ours",
    503: "Not available right now",
    429: "A short pause",
}


@pytest.fixture(scope="module")
def url(sqlite_databases, tmp_path_factory):
    folder = tmp_path_factory.mktemp("development")
    with development(folder, sqlite_databases.new(folder)) as url:
        yield url


@contextmanager
def development(folder, database_url):
    """The service with the settings of `make run`, its `var/` in a folder of the test."""
    port = free_port()
    url = f"http://localhost:{port}"
    environment = process_environment(
        {"AUTH_ENV": "development", "AUTH_PUBLIC_URL": url, "AUTH_DATABASE_URL": database_url}
    ) | {"PORT": str(port), "WEB_CONCURRENCY": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.server"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until_ready(url)
        yield url
    finally:
        end_group(process)
        print((folder / "log").read_text())


def wait_until_ready(url):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("not ready after 30 s")


def test_the_button_in_a_letter_works_in_the_dev_mailbox(url, new_page):
    page = new_page(base_url=url, color_scheme="dark")
    watch = Watch(page.context, url)
    page.goto("/dev/mailbox")
    faults = faults_of(page)
    page.goto("/signup")
    page.get_by_label("Email address").fill("ada@example.org")
    page.get_by_label("Password").fill(FIRST)
    page.get_by_role("button", name="Create account").click()
    letter = page.get_by_role("link", name="Confirm your account at The Masthead")
    page.get_by_role("link", name="Mailbox").click()
    for _ in range(50):
        if letter.count():
            break
        page.wait_for_timeout(100)
        page.reload()
    faults += faults_of(page)
    letter.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your account at The Masthead")
    faults += faults_of(page)
    frame = page.frame_locator("iframe[title='The letter as HTML']")
    frame.get_by_role("link", name="Confirm my account").click()
    page.get_by_role("main").get_by_role("button", name="Confirm my account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    assert (faults, watch.faults) == ([], [])


def test_every_part_is_sound_in_every_state_by_day_and_by_night(url, new_page):
    page = new_page(base_url=url)
    watch = Watch(page.context, url)
    page.goto("/dev/components")
    faults = [*faults_of(page), *refused(page, "dark")]
    page.goto("/dev/letters")
    faults += refused(page)
    for status, heading in ERRORS.items():
        answer = page.goto(f"/dev/components/errors/{status}")
        assert answer.status == status
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        faults += refused(page)
    assert (faults, [fault for fault in watch.faults if "status of 50" not in fault]) == ([], [])
    expect(page.get_by_role("main")).to_contain_text("It should work again in 2 minutes.")
    page.get_by_role("link", name="Try again").click()
    expect(page).to_have_url(f"{url}/dev/components/errors/429")


def test_every_part_keeps_its_edges_in_the_colours_of_the_system(url, new_page):
    """Forced colours take away grounds and shadows: what is pressed or filled in needs a line (WCAG 2.2, 1.4.11)."""
    page = new_page(base_url=url, forced_colors="active", reduced_motion="reduce")
    page.goto("/dev/components")
    unbounded = page.evaluate("""() => [...document.querySelectorAll(".button, .provider, .field input:not(.told)")]
      .filter((e) => {
        const style = getComputedStyle(e);
        return style.borderTopStyle !== "solid" || parseFloat(style.borderTopWidth) < 1
          || style.borderTopColor === getComputedStyle(document.body).backgroundColor;
      }).map((e) => e.outerHTML)""")
    assert unbounded == []
    moving = page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length")
    assert moving == 0


def test_the_demo_article_shows_every_integration_to_who_signs_in(url, new_page):
    page = new_page(base_url=url, viewport={"width": 320, "height": 800})
    watch = Watch(page.context, url)
    page.goto("/dev/article")
    page.wait_for_function("() => window.masthead")
    assert faults_of(page) == []
    for what in ("#rest", "#comment", "#newsletter"):
        expect(page.locator(what)).to_be_hidden()
    page.get_by_role("link", name="Sign in to read on").click()
    dialog = page.get_by_role("dialog")
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in with Google").click()
    with opened.value.expect_event("close"):
        opened.value.get_by_role("button").first.click()
    expect(page.locator("#rest")).to_contain_text("somebody who was there, and who was right")
    expect(page.locator("#wall")).to_be_hidden()
    page.get_by_label("Your comment").fill("<b>Gannets</b>, I think.")
    page.get_by_role("button", name="Say it as").click()
    expect(page.locator("#comments li").last).to_contain_text("<b>Gannets</b>, I think.")
    page.get_by_role("button", name="Send it to me").click()
    expect(page.locator("#subscribed")).to_have_text("You are on the list.")
    page.get_by_role("navigation", name="Reader").get_by_role("link", name="Sign out").click()
    expect(page.locator("#rest")).to_be_hidden()
    assert (faults_of(page), watch.faults) == ([], [])
