"""A form on its way: its button shows it, pressing again sends nothing, and what was stopped can be sent again."""

from playwright.sync_api import expect

AS_LONG_AS_IT_TAKES = 10_000  # milliseconds


def test_a_form_is_sent_once_however_often_its_button_is_pressed(site, new_browser):
    page = new_browser(site, reduced_motion="no-preference")
    page.clock.install()
    page.goto("/forgot-password")
    sent = []

    def say_nothing(route):
        """204: the browser stays where it is."""
        sent.append(route.request.method)
        route.fulfill(status=204)

    page.route("**/forgot-password", say_nothing)
    page.get_by_label("Email address").fill("ada@example.org")
    button = page.get_by_role("button", name="Send instructions")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    assert button.evaluate("e => getComputedStyle(e, '::before').animationName") == "on-its-way"
    page.emulate_media(reduced_motion="reduce")
    assert button.evaluate("e => getComputedStyle(e, '::before').animationName") == "none"
    button.click()
    page.get_by_label("Email address").press("Enter")
    assert sent == ["POST"]

    page.clock.fast_forward(AS_LONG_AS_IT_TAKES)
    expect(button).not_to_have_attribute("aria-busy", "true")
    page.unroute("**/forgot-password")
    button.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
