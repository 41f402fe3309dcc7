"""Choosing a password with scripts on: it can be shown, an estimate is announced, nothing is hindered."""

from playwright.sync_api import expect

from tests.browser.inspection import refused

HIDDEN, SHOWN = "password", "text"


def test_a_password_can_be_shown_is_estimated_and_may_be_pasted(site, new_reader):
    reader = new_reader(
        site, viewport={"width": 320, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = reader.page
    page.goto("/signup")
    page.get_by_label("Email address").fill("zbigniew.brzezinski@example.org")
    field = page.get_by_label("Password")
    told = page.locator(".strength [aria-live=polite]")
    assert field.get_attribute("passwordrules") == "minlength: 8;"
    assert field.get_attribute("maxlength") is None
    expect(told).to_be_empty()

    for typed, sentence in {
        "lantern": "Too short so far.",
        "password1234567": "Easy to guess so far.",
        "abcabcabcabcabc": "Easy to guess so far.",
        "Brzezinski-1968": "Easy to guess so far.",
        "The Masthead 39": "Easy to guess so far.",
        "xk9#mQ2v": "Not bad. One more word makes it stronger.",
        "sepia lantern forty-two": "Looks strong. The last check comes when you send it.",
        "": "",
    }.items():
        field.fill(typed)
        expect(told).to_have_text(sentence)

    page.evaluate("() => navigator.clipboard.writeText('sepia lantern forty-two')")
    field.focus()
    page.keyboard.press("Control+V")
    expect(field).to_have_value("sepia lantern forty-two")
    assert refused(page) == []

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show password")).to_be_focused()
    page.keyboard.press("Space")
    expect(field).to_have_attribute("type", SHOWN)
    expect(page.get_by_role("button", name="Hide password")).to_be_focused()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
    with page.expect_request(lambda request: request.method == "POST") as sent:
        reader.press("Create account")
    assert "password=sepia+lantern+forty-two" in sent.value.post_data
    reader.reads("Check your inbox")

    page.goto("/login")
    assert page.locator(".strength").count() == 0
    reader.press("Show password")
    expect(page.get_by_label("Password")).to_have_attribute("type", SHOWN)
    reader.press("Hide password")
    expect(page.get_by_label("Password")).to_have_attribute("type", HIDDEN)
