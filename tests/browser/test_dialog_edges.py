"""Around the dialog's journeys: what holds the focus, what fails, and where the pages take over."""

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.reader import FIRST
from tests.browser.visitor import READING, Visitor
from tests.support.people import ADDRESS

AWAY = "We can't be reached. Check your connection, then try again."
INSIDE = "() => document.activeElement.localName === 'masthead-dialog'"


@pytest.fixture(scope="module")
def reader(town):
    """Somebody has an account."""
    with town.site.client() as client:
        client.post("/api/v1/signup", json={"email": ADDRESS, "password": FIRST})
        letter = town.site.mailbox.wait_for(1, to=ADDRESS, timeout=20)[0]
        (token,) = parse_qs(urlsplit(letter.link("/signup/confirm")).query)["token"]
        assert client.post("/api/v1/signup/confirm", json={"token": token}).status_code == 201


def is_on_the_page(visitor, path="/login"):
    """The page that does the same, with the way back to the paragraph."""
    visitor.page.wait_for_url(f"{visitor.site.url}{path}?*", wait_until="commit")
    (back,) = parse_qs(urlsplit(visitor.page.url).query)["next"]
    assert back.startswith(f"{visitor.magazine.origin}/")
    return back


def test_the_dialog_holds_the_focus_and_gives_it_back(arrive):
    visitor = arrive(by="keyboard", reduced_motion="reduce")
    page, keys = visitor.page, visitor.page.keyboard
    visitor.open("#signup")
    visitor.sees("Create an account")
    assert visitor.dialog.evaluate("e => getComputedStyle(e).animationName") == "none"
    stops = set()
    for step in ["Tab"] * 16 + ["Shift+Tab"] * 16:
        keys.press(step)
        assert page.evaluate(INSIDE), stops
        stops.add(page.evaluate("() => document.activeElement.shadowRoot.activeElement.outerHTML"))
    assert len(stops) == 10  # two providers, three fields, a tick, a reveal, a button, a way, the cross
    visitor.type("Password", FIRST)
    keys.press("Escape")
    expect(visitor.dialog).to_have_count(0)
    expect(page.locator("#signup")).to_be_focused()
    keys.press("Enter")
    expect(visitor.dialog.get_by_label("Password", exact=True)).to_have_value("")
    visitor.button("Close")
    expect(page.locator("#signup")).to_be_focused()
    visitor.reads_on()
    assert visitor.heard() == []


def test_an_open_dialog_leaves_nothing_of_the_article_to_click(arrive):
    visitor = arrive()
    visitor.open("#login")
    visitor.sees("Sign in")
    box = visitor.page.locator("#signup").bounding_box()
    visitor.page.mouse.click(box["x"] + 5, box["y"] + 5)
    visitor.sees("Sign in")
    visitor.reads_on()


def test_a_lost_connection_is_told_and_nothing_typed_is_lost(reader, town, new_page):
    visitor = Visitor(new_page(), town.magazine, town.site, ADDRESS)
    visitor.read()
    visitor.open("#login")
    visitor.type("Email address", ADDRESS)
    visitor.type("Password", FIRST)
    visitor.page.context.set_offline(True)
    visitor.button("Sign in")
    expect(visitor.dialog.get_by_role("alert")).to_have_text(AWAY)
    visitor.page.context.set_offline(False)
    visitor.button("Sign in")
    visitor.has_arrived()


def test_whoever_is_signed_in_already_is_not_asked_again(reader, arrive):
    visitor = arrive()
    visitor.page.evaluate("() => masthead.open('signup')")
    visitor.sees("Create an account")
    visitor.link("Sign in")
    other = visitor.page.context.new_page()
    other.goto(f"{visitor.site.url}/login?next={quote(visitor.article)}")
    other.get_by_label("Email address").fill(ADDRESS)
    other.get_by_label("Password").fill(FIRST)
    other.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(other.locator("#account")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    visitor.open("#login")
    visitor.has_arrived()
    assert visitor.heard() == [["masthead:signedin", ADDRESS, "masthead-dialog"]]
    visitor.page.goto(f"{visitor.magazine.origin}/en/early")
    visitor.is_in()


def without_scripts(visitor, town):
    pass


def without_cookies(visitor, town):
    visitor.page.context.new_cdp_session(visitor.page).send(
        "Emulation.setDocumentCookieDisabled", {"disabled": True}
    )


def without_modules(visitor, town):
    visitor.page.route("**/static/dialog*", lambda route: route.abort())


def on_a_slow_line(visitor, town):
    visitor.page.clock.install()
    visitor.page.route("**/static/dialog*", lambda route: None)


def from_an_origin_that_is_not_allowed(visitor, town):
    visitor.magazine = town.stranger


def from_another_site(visitor, town):
    visitor.magazine = town.abroad


@pytest.mark.parametrize(
    "hindered",
    [
        without_scripts,
        without_cookies,
        without_modules,
        on_a_slow_line,
        from_an_origin_that_is_not_allowed,
        from_another_site,
    ],
)
def test_the_page_takes_over_where_the_dialog_cannot(town, new_page, hindered):
    page = new_page(java_script_enabled=hindered is not without_scripts)
    visitor = Visitor(page, town.magazine, town.site, "nobody@example.org")
    hindered(visitor, town)
    page.goto(visitor.article)
    if hindered is not without_scripts:
        page.wait_for_function("() => window.masthead")
        visitor.scroll()
    page.locator("#signup").click()
    if hindered is on_a_slow_line:
        page.clock.run_for(8000)
    back = is_on_the_page(visitor, "/signup")
    assert back == visitor.article.partition("?")[0] or re.fullmatch(
        r".*\?issue=7#masthead-at=12\.(49|50|51)", back
    )
    assert ("#" in back) == (hindered is not without_scripts)


def test_a_browser_that_drops_our_cookie_is_sent_to_the_page(reader, arrive):
    visitor = arrive()

    def drop(route):
        visitor.page.context.clear_cookies()
        route.continue_()

    visitor.page.route("**/api/v1/session", drop)
    visitor.open("#login")
    visitor.type("Email address", ADDRESS)
    visitor.type("Password", FIRST)
    visitor.button("Sign in")
    assert f"#masthead-at={READING}." in is_on_the_page(visitor)


def test_a_page_the_browser_had_put_aside_asks_again_who_is_there(reader, arrive):
    visitor = arrive()
    visitor.open("#login")
    visitor.type("Email address", ADDRESS)
    visitor.type("Password", FIRST)
    visitor.button("Sign in")
    visitor.has_arrived()
    visitor.page.context.clear_cookies()  # signed out on another page, then Back
    visitor.page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(visitor.page.locator("#login")).to_be_visible()
    assert [name for name, *_ in visitor.heard()] == ["masthead:signedin", "masthead:signedout"]


@pytest.mark.parametrize("hindered", ["a finger", "a blocker"])
def test_where_no_window_may_open_a_provider_is_on_the_way(town, arrive, hindered):
    visitor = arrive(has_touch=hindered == "a finger", is_mobile=hindered == "a finger")
    if hindered == "a blocker":
        visitor.page.evaluate("() => { window.open = () => null }")
    visitor.open("#login")
    visitor.link("Sign in with Google")
    person = town.providers["google"].issuer.people()[0]
    visitor.page.get_by_role("button", name=person.name).click()
    visitor.page.wait_for_url(f"{visitor.magazine.origin}/**")
    visitor.reads_on()
    visitor.is_in()


def test_the_same_paragraph_is_found_on_a_smaller_screen(town, new_page):
    page = new_page(viewport={"width": 320, "height": 640})
    visitor = Visitor(page, town.magazine, town.site, "nobody@example.org")
    page.goto(f"{visitor.article}#masthead-at={READING}.50")
    visitor.reads_on()
    page.goto(f"{visitor.article}&n=2#masthead-at=999999.100")
    expect(page).to_have_url(f"{visitor.article}&n=2")
    assert page.evaluate("() => scrollY") == 0
