"""Every journey in the dialog, over an article of another origin: by mouse and keyboard, from left and from right."""

import pytest
from playwright.sync_api import expect

from tests.browser.reader import FIRST, SECOND
from tests.browser.visitor import LABELS

WRONG = "The email address or the password is not right."
WELCOME = "Welcome. Your address is confirmed and you are signed in."
LEAD = (
    "Enter the email address you used when you joined and we'll send you instructions to reset your password."
)
HINT = (
    "If you used Apple or Google to create your account,"
    " this process will create a password for your existing account."
)
DONE = (
    "Reset password instructions sent."
    " If you have an account with us, you will receive an email within a few minutes."
)


def follow(visitor, path):
    """Open the link of the next letter in another tab, as mail programs do."""
    other = visitor.page.context.new_page()
    other.goto(visitor.next_letter().link(path))
    return other


def confirm(visitor, page, button):
    page.get_by_role("main").get_by_role("button", name=visitor.say(button), exact=True).click()


def joins(visitor):
    visitor.open("#signup")
    visitor.sees("Create an account")
    expect(visitor.dialog.get_by_label(visitor.say("Email address"))).to_be_focused()
    visitor.type("Email address", visitor.address)
    visitor.type("Password", "short")
    visitor.button("Create account")
    password = visitor.dialog.get_by_label(visitor.say("Password"), exact=True)
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_be_focused()
    visitor.seen.pop("Create an account")
    visitor.sees("Create an account")
    visitor.type("Password", FIRST)
    expect(visitor.dialog.locator(".strength")).to_have_attribute("data-level", "good")
    visitor.type("Name", "Ada")
    visitor.button("Create account")
    visitor.sees("Check your inbox")
    visitor.says(visitor.address)
    other = follow(visitor, "/signup/confirm")
    confirm(visitor, other, "Confirm my account")
    visitor.reads_on(other)
    other.close()
    visitor.page.bring_to_front()
    visitor.page.evaluate(
        "() => dispatchEvent(new Event('focus'))"
    )  # a window without a screen never loses it
    visitor.has_arrived()
    assert visitor.heard() == [["masthead:signedin", visitor.address, "masthead-dialog"]]


def signs_in_and_out(visitor, password):
    visitor.sign_out()
    assert visitor.page.evaluate("() => masthead.session()") is None
    visitor.open("#login")
    visitor.sees("Sign in")
    visitor.type("Email address", visitor.address)
    visitor.type("Password", "not the password")
    visitor.button("Sign in")
    expect(visitor.dialog.get_by_role("alert")).to_have_text(visitor.say(WRONG))
    expect(visitor.dialog.get_by_role("alert")).to_be_focused()
    visitor.type("Password", password)
    visitor.press(visitor.dialog.get_by_label(visitor.say("Keep me signed in")))
    visitor.button("Sign in")
    visitor.has_arrived()
    visitor.reads_on()
    assert [name for name, *_ in visitor.heard()] == ["masthead:signedout", "masthead:signedin"]
    assert visitor.page.evaluate("() => masthead.session()")["user"]["email"] == visitor.address


def forgets(visitor):
    visitor.sign_out()
    visitor.open("#login")
    visitor.link("Forgot password?")
    visitor.sees("Forgot password")
    visitor.says(LEAD)
    visitor.says(HINT)
    visitor.type("Email address", "nobody at all")
    visitor.button("Send instructions")
    email = visitor.dialog.get_by_label(visitor.say("Email address"))
    expect(email).to_have_accessible_description(visitor.say("Enter a valid email address."))
    visitor.type("Email address", visitor.address)
    visitor.button("Send instructions")
    visitor.sees("Check your inbox")
    expect(visitor.dialog.get_by_role("status")).to_have_text(visitor.say(DONE))
    other = follow(visitor, "/reset-password")
    other.get_by_label(visitor.say("New password")).fill(SECOND)
    confirm(visitor, other, "Save password")
    other.get_by_label(visitor.say("Email address")).fill(visitor.address)
    other.get_by_label(visitor.say("Password")).fill(SECOND)
    confirm(visitor, other, "Sign in")
    visitor.reads_on(other)
    other.close()
    visitor.page.keyboard.press("Escape")
    expect(visitor.dialog).to_have_count(0)
    visitor.read()
    visitor.next_letter()  # tells of the new password
    visitor.is_in()


def signs_in_by_mail(visitor):
    visitor.sign_out()
    visitor.open("#login")
    visitor.link("Email me a sign-in link")
    visitor.sees("Email me a sign-in link")
    visitor.type("Email address", visitor.address)
    visitor.button("Send the link")
    visitor.sees("Check your inbox")
    other = follow(visitor, "/login/link/confirm")
    confirm(visitor, other, "Sign in")
    visitor.reads_on(other)
    other.close()
    visitor.page.evaluate("() => dispatchEvent(new Event('focus'))")
    visitor.has_arrived()


def signs_in_elsewhere(visitor, kind, known):
    visitor.sign_out()
    visitor.open("#login")
    phrase = visitor.say("Sign in with %(label)s") % {"label": LABELS[kind]}
    with visitor.page.context.expect_page() as opened:
        visitor.press(visitor.dialog.get_by_role("link", name=phrase))
    visitor.sees("One moment")
    other = opened.value
    person = known[kind].issuer.people()[0]
    with other.expect_event("close"):
        other.get_by_role("button", name=person.name).click()
    visitor.has_arrived()
    visitor.reads_on()


@pytest.mark.parametrize(
    ("language", "by"), [("en", "mouse"), ("en", "keyboard"), ("ar", "mouse"), ("ar", "keyboard")]
)
def test_every_journey_runs_over_the_article(town, arrive, language, by):
    width = 1280 if (language, by) in (("en", "mouse"), ("ar", "keyboard")) else 320
    visitor = arrive(language, by, viewport={"width": width, "height": 800})
    joins(visitor)
    signs_in_and_out(visitor, FIRST)
    forgets(visitor)
    signs_in_by_mail(visitor)
    for kind in LABELS:
        signs_in_elsewhere(visitor, kind, town.providers)
    assert set(visitor.seen) == {
        "Create an account", "Check your inbox", "Sign in", "Forgot password", "Email me a sign-in link", "One moment",
    }  # fmt: skip
    assert [fault for faults in visitor.seen.values() for fault in faults] == []
