"""Every language: nothing cut off on the narrowest phone, nothing axe refuses, the page says which one it is."""

from playwright.sync_api import expect

from service.languages import direction, shipped
from tests.browser.inspection import SIDEWAYS, refused, sideways

WAYS_IN = ("/login", "/forgot-password", "/signup")
ACCOUNT = (
    "/account",
    "/account/devices",
    "/account/identities",
    "/account/passkeys",
    "/account/second-factor",
    "/account/email",
    "/account/password",
    "/account/delete",
)


def test_the_ways_in_are_sound_in_every_language_by_night(site, new_browser):
    """Sent empty, so that every field has its error beside it. The last page has every part the others have."""
    page, faults = new_browser(site, viewport={"width": 320, "height": 640}), []
    for language in shipped():
        page.set_extra_http_headers({"Accept-Language": language})
        for path in WAYS_IN:
            page.goto(path)
            page.locator("main form [type=submit]").first.click()
            expect(page.get_by_role("alert")).to_be_focused()
            faults += (
                [f"{language}: {path} is {extra} px too wide"] if (extra := page.evaluate(SIDEWAYS)) else []
            )
        html = page.locator("html")
        assert (html.get_attribute("lang"), html.get_attribute("dir")) == (language, direction(language))
        faults += refused(page, "dark")
    assert faults == []


def test_the_account_is_sound_from_right_to_left(site, new_reader):
    reader = new_reader(site)
    reader.join()
    page = reader.page
    answer = page.context.request.patch("/api/v1/me", data={"locale": "ar"}, headers={"Origin": site.url})
    assert answer.ok
    faults = []
    for path in ACCOUNT:
        page.goto(f"/account{path}")
        expect(page.locator("html[lang=ar][dir=rtl]")).to_be_attached()
        faults += [*sideways(page), *refused(page)]
    assert faults == []
