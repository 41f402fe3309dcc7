"""Another address and back again, leaving and coming back: with scripts and without, on both databases."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.reader import FIRST, SECOND

PHONE = {"width": 320, "height": 640}
TWO_SITES = pytest.mark.parametrize(
    ("database", "scripts"),
    [
        pytest.param("sqlite", False, id="sqlite-without-scripts"),
        pytest.param("postgres", True, id="postgres-with-scripts"),
    ],
)


@TWO_SITES
def test_a_reader_changes_the_address_and_its_old_mailbox_takes_it_back(
    request, new_reader, new_browser, database, scripts
):
    site = request.getfixturevalue(f"{database}_site")
    reader = new_reader(site, viewport=PHONE, java_script_enabled=scripts)
    page, mover = reader.page, replace(reader, address=f"new-{reader.address}", letters_read=0)
    reader.join()
    page.get_by_role("link", name="Change email address").click()
    page.get_by_label("New email address").fill(mover.address)
    page.get_by_label("Current password").fill(FIRST)
    reader.press("Send the link")
    reader.reads("Check your inbox")
    page.goto(mover.next_letter().link("/account/email/confirm"))
    reader.is_at("/account/email/confirm")
    reader.press("Use this address")
    reader.is_told("Your account uses the new address now.")
    expect(page.get_by_role("main")).to_contain_text(f"{mover.address} Confirmed")

    owner = reader.at(new_browser(site, java_script_enabled=scripts))
    owner.letters_read = reader.letters_read
    owner.page.goto(owner.next_letter().link("/account/email/undo"))
    owner.is_at("/account/email/undo")
    owner.press("Bring my address back")
    owner.is_told("Your address is back and everybody is signed out. Choose a new password to get in again.")
    assert "was undone" in owner.next_letter().message["Subject"]
    owner.ask_to_reset()
    owner.page.goto(owner.next_letter().link("/reset-password"))
    owner.choose(SECOND)
    owner.sign_in(SECOND)
    owner.is_at("/account")
    page.goto("/account")
    reader.is_at("/login?next=%2Faccount")


@TWO_SITES
def test_a_reader_leaves_and_comes_back_in_time(request, new_reader, database, scripts):
    site = request.getfixturevalue(f"{database}_site")
    reader = new_reader(site, viewport=PHONE, java_script_enabled=scripts)
    page = reader.page
    reader.join()
    page.get_by_role("link", name="Delete my account").click()
    page.get_by_label("Current password").fill(FIRST)
    reader.press("Delete my account")
    reader.is_told("Your account is closed and you are signed out. To keep it, sign in within 14 days.")
    page.goto(reader.next_letter().link("/login"))
    page.get_by_role("link", name="Email me a sign-in link").click()
    page.get_by_label("Email address").fill(reader.address)
    reader.press("Send the link")
    reader.reads("Check your inbox")
    page.goto(reader.next_letter().link("/login/link/confirm"))
    reader.press("Sign in")
    reader.is_told("Welcome back. Your account stays and will not be deleted.")


def test_a_reader_takes_a_copy_of_everything(site, new_reader):
    reader = new_reader(site)
    reader.join()
    with reader.page.expect_download() as download:
        reader.page.get_by_role("link", name="Download my data").click()
    assert download.value.suggested_filename == "my-account.json"
