"""The page of the stand-in in a real browser: labelled, narrow, by keyboard, with and without scripts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.inspection import Watch, faults_of
from tests.fake_provider.client import authorize_url

PHONE = {"width": 320, "height": 640}
BOTH = pytest.mark.parametrize("kind", ["google", "apple"])


@pytest.fixture
def at_chooser(make_issuer, new_page):
    """Open the page of a provider; what the client gets is answered by the browser itself."""

    def at(kind, **options):
        provider = make_issuer(kind)
        page = new_page(viewport=PHONE, **options)
        page.route(
            "http://localhost:8000/**",
            lambda route: route.fulfill(body="<title>Back</title>", content_type="text/html"),
        )
        page.goto(authorize_url(provider))
        return provider, page

    return at


def came_back(page):
    """The request the client gets, waited for."""
    expect(page).to_have_title("Back")


@BOTH
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_readable_on_a_phone_and_says_what_it_is(at_chooser, kind, scheme):
    provider, page = at_chooser(kind, color_scheme=scheme)
    watch = Watch(page.context, provider.url)
    page.reload()
    expect(page.get_by_role("complementary")).to_contain_text(f"This is not {kind.title()}")
    page.get_by_text("Somebody else").click()
    expect(page.get_by_label("Email address")).to_be_visible()
    assert faults_of(page) == []
    assert watch.faults == []


@BOTH
def test_a_person_is_chosen_by_keyboard(at_chooser, kind):
    _, page = at_chooser(kind)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").split()[0] == "Ada"
    with page.expect_request("http://localhost:8000/**") as back:
        page.keyboard.press("Enter")
    came_back(page)
    assert back.value.method == ("POST" if kind == "apple" else "GET")
    assert "the-state" in (back.value.post_data or back.value.url)


def test_apples_form_comes_from_apple(at_chooser):
    provider, page = at_chooser("apple")
    with page.expect_request("http://localhost:8000/**") as back:
        page.get_by_role("button", name="Ben Hidden").click()
    came_back(page)
    assert back.value.headers["origin"] == provider.url
    assert "user=" in back.value.post_data


def test_apples_form_has_a_button_where_scripts_are_off(at_chooser):
    _, page = at_chooser("apple", java_script_enabled=False)
    page.get_by_role("button", name="Ada Apple").click()
    with page.expect_request("http://localhost:8000/**") as back:
        page.get_by_role("button", name="Continue").click()
    assert back.value.method == "POST"


@BOTH
def test_a_reader_can_go_back(at_chooser, kind):
    _, page = at_chooser(kind)
    with page.expect_request("http://localhost:8000/**") as back:
        page.get_by_role("button", name="Cancel").click()
    came_back(page)
    error = "user_cancelled_authorize" if kind == "apple" else "access_denied"
    assert f"error={error}" in (back.value.post_data or back.value.url)


def test_somebody_else_hides_their_address(at_chooser):
    _, page = at_chooser("apple")
    page.get_by_text("Somebody else").click()
    page.get_by_label("Name").fill("Eve Own")
    page.get_by_label("Email address").fill("eve@mail.example")
    page.get_by_label("Hide My Email").check()
    with page.expect_request("http://localhost:8000/**") as back:
        page.get_by_role("button", name="Continue").click()
    came_back(page)
    assert "privaterelay.appleid.com" in back.value.post_data
    assert "eve" not in back.value.post_data.lower().replace("eve%22", "", 1)


def test_a_mistake_is_explained_to_the_developer(make_issuer, page):
    provider = make_issuer("google")
    page.goto(authorize_url(provider, redirect_uri="http://localhost:8000/wrong"))
    expect(page.get_by_role("heading")).to_have_text("This request is refused")
    expect(page.get_by_text(re.compile("is not a registered redirect_uri"))).to_be_visible()
