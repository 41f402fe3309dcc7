"""Every journey in the dialog, over an article of another origin: by mouse and keyboard, from left and from right."""

import itertools
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from service.fake_provider import Kind
from tests.browser.inspection import Watch
from tests.browser.reader import FIRST, SECOND
from tests.browser.visitor import Visitor
from tests.support.host_page import HostPage
from tests.support.issuer import IssuerServer
from tests.support.live import LiveService
from tests.support.processes import free_port
from tests.support.smtp import SmtpSink

numbers = itertools.count(1)
LABELS = {"google": "Google", "apple": "Apple"}
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


@pytest.fixture(scope="module")
def town(sqlite_databases, tmp_path_factory, signing_key):
    """A magazine, its accounts service with a worker, Google and Apple: each on an origin of its own."""
    with ExitStack() as running:
        sink = SmtpSink()
        sink.start()
        running.callback(sink.stop)
        magazine, port = running.enter_context(HostPage()), free_port()
        known = {
            kind: running.enter_context(
                IssuerServer(
                    Kind(kind),
                    key=signing_key,
                    redirect_uris=[f"http://localhost:{port}/login/{kind}/callback"],
                )
            )
            for kind in LABELS
        }
        settings = {name: value for issuer in known.values() for name, value in issuer.settings.items()}
        site = running.enter_context(
            LiveService(
                sqlite_databases.new(tmp_path_factory.mktemp("town")),
                sink,
                workers=1,
                port=port,
                allowed_origins=magazine.origin,
                site_url=magazine.origin,
                **settings,
            )
        )
        magazine.service = site.url
        yield magazine, site, known


@pytest.fixture
def arrive(town, new_page):
    """A stranger opens the article: `arrive("ar", "keyboard", viewport=...)`."""
    magazine, site, known = town
    watches = []

    def at(language="en", by="mouse", **options):
        page = new_page(locale=language, base_url=site.url, **options)
        watches.append(
            Watch(page.context, magazine.origin, site.url, *(issuer.url for issuer in known.values()))
        )
        visitor = Visitor(page, magazine, site, f"visitor{next(numbers)}@example.org", language, by)
        visitor.read()
        return visitor

    yield at
    assert [fault for watch in watches for fault in watch.faults] == []


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
        signs_in_elsewhere(visitor, kind, town[2])
    assert set(visitor.seen) == {
        "Create an account", "Check your inbox", "Sign in", "Forgot password", "Email me a sign-in link", "One moment",
    }  # fmt: skip
    assert [fault for faults in visitor.seen.values() for fault in faults] == []
