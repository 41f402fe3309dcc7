"""Google and Apple in a real browser, across sites: they answer on 127.0.0.1, the service on localhost."""

import pytest
from playwright.sync_api import expect

from tests.browser.inspection import faults_of
from tests.browser.reader import FIRST, SECOND, Reader
from tests.support.processes import free_port

PHONE = {"width": 320, "height": 640}
LABELS = {"google": "Google", "apple": "Apple"}
BOTH = pytest.mark.parametrize("kind", list(LABELS))


@pytest.fixture
def providers(make_issuer, live, sqlite_url):
    """Both providers, and a service with a worker that knows them."""
    port = free_port()
    known = {
        kind: make_issuer(kind, redirect_uris=[f"http://localhost:{port}/login/{kind}/callback"])
        for kind in LABELS
    }
    settings = {name: value for issuer in known.values() for name, value in issuer.settings.items()}
    return known, live(sqlite_url, workers=1, port=port, **settings)


@pytest.fixture
def visitor(providers, new_page):
    """Open a browser at the service: `visitor("ada@icloud.com", java_script_enabled=False)`."""
    _, site = providers

    def arrive(address, **options):
        return Reader(new_page(base_url=site.url, viewport=PHONE, **options), site, address)

    return arrive


def press(reader, kind, person=0, providers=None):
    """Press a provider's button and choose who to be there."""
    reader.page.get_by_role("link", name=f"Sign in with {LABELS[kind]}").click()
    choose(reader, providers[kind].issuer.people()[person])


def choose(reader, person):
    reader.page.get_by_role("button", name=person.name).click()
    if reader.page.get_by_role("button", name="Continue", exact=True).count():
        reader.page.get_by_role("button", name="Continue", exact=True).click()


@pytest.mark.case("OAC-35")
@BOTH
def test_a_reader_joins_and_comes_back_with_one_tap(providers, visitor, kind):
    known, _ = providers
    person = known[kind].issuer.people()[0]
    reader = visitor(person.email)
    reader.page.goto("/login?next=/account/devices")
    press(reader, kind, providers=known)
    reader.is_at("/account/devices")
    assert f"joined with {LABELS[kind]}" in reader.next_letter().message["Subject"]
    reader.page.goto("/account")
    expect(reader.page.get_by_role("main")).to_contain_text(f"{person.email} Confirmed")
    reader.sign_out()
    reader.page.goto("/login")
    press(reader, kind, providers=known)
    reader.is_at("/account")
    assert faults_of(reader.page) == []


def test_apple_s_form_needs_no_script(providers, visitor):
    known, _ = providers
    reader = visitor("ada.reader@icloud.com", java_script_enabled=False)
    reader.page.goto("/signup")
    reader.page.get_by_role("link", name="Sign up with Apple").click()
    choose(reader, known["apple"].issuer.people()[0])
    reader.is_at("/account")


@BOTH
def test_saying_no_changes_nothing_and_leads_back(providers, visitor, kind):
    reader = visitor("nobody@example.org")
    reader.page.goto("/login?next=/account/devices")
    reader.page.get_by_role("link", name=f"Sign in with {LABELS[kind]}").click()
    reader.page.get_by_role("button", name="Cancel").click()
    if reader.page.get_by_role("button", name="Continue", exact=True).count():
        reader.page.get_by_role("button", name="Continue", exact=True).click()
    reader.reads("Sign-in cancelled")
    assert faults_of(reader.page) == []
    reader.page.get_by_role("link", name="Sign in another way").click()
    reader.is_at("/login?next=%2Faccount%2Fdevices")


@pytest.mark.case("OAC-24", "OAC-27")
@pytest.mark.parametrize("by_mail", [False, True], ids=["by password", "by mail"])
def test_an_account_is_proven_before_google_is_connected_to_it(providers, visitor, by_mail):
    known, _ = providers
    person = known["google"].issuer.people()[2]
    reader = visitor(person.email)
    reader.join()
    reader.sign_out()
    press(reader, "google", 2, known)
    reader.reads("Connect Google to your account")
    assert faults_of(reader.page) == []
    if by_mail:
        reader.press("I have no password: send me a link")
        reader.reads("Check your inbox")
        reader.page.goto(reader.next_letter().link("/login/connect/confirm"))
        reader.is_at("/login/connect/confirm")
        reader.press("Confirm and sign in")
    else:
        reader.page.get_by_label("Password").fill(FIRST)
        reader.press("Connect and sign in")
    reader.is_told("Connected. You can sign in with it from now on.")
    assert "Google was connected" in reader.next_letter().message["Subject"]


def test_forgot_password_creates_a_password_for_an_apple_account_which_then_has_both(providers, visitor):
    known, _ = providers
    person = known["apple"].issuer.people()[0]
    reader = visitor(person.email)
    reader.page.goto("/login")
    press(reader, "apple", providers=known)
    reader.is_at("/account")
    assert "Welcome" in reader.next_letter().message["Subject"]
    reader.page.goto("/account/identities")
    reader.page.get_by_role("button", name="Disconnect Apple").click()
    expect(reader.page.get_by_role("alert")).to_contain_text("This is your only way to sign in.")
    reader.sign_out()
    reader.page.get_by_role("link", name="Forgot password?").click()
    reader.ask_to_reset()
    letter = reader.next_letter()
    assert "sign in with Apple" in " ".join(letter.message.get_body(("plain",)).get_content().split())
    reader.page.goto(letter.link("/reset-password"))
    reader.choose(SECOND)
    reader.sign_in(SECOND)
    reader.is_at("/account")
    reader.page.goto("/account/identities")
    reader.page.get_by_role("button", name="Disconnect Apple").click()
    reader.is_told("Disconnected.")
    reader.page.get_by_role("button", name="Connect Google").click()
    choose(reader, known["google"].issuer.people()[0])
    reader.is_told("Connected. You can sign in with it from now on.")
    assert faults_of(reader.page) == []


def test_one_tap_posts_an_id_token_and_the_reader_is_in(providers, visitor):
    known, site = providers
    reader = visitor("ada.reader@gmail.com")
    reader.page.goto("/login")
    reader.page.context.add_cookies([{"name": "g_csrf_token", "value": "twice", "url": site.url}])
    reader.page.evaluate(
        """credential => {
            const form = document.createElement("form");
            form.method = "post";
            form.action = "/login/google";
            for (const [name, value] of Object.entries({credential, g_csrf_token: "twice"})) {
                const field = document.createElement("input");
                Object.assign(field, {name, value, type: "hidden"});
                form.append(field);
            }
            document.body.append(form);
            form.submit();
        }""",
        known["google"].id_token(drop=["nonce"]),
    )
    reader.is_at("/account")


def test_the_keyboard_is_enough(providers, visitor):
    known, _ = providers
    reader = visitor("ada.reader@gmail.com")
    reader.page.goto("/login")
    button = reader.page.get_by_role("link", name="Sign in with Google")
    for _ in range(12):
        if button.evaluate("element => element === document.activeElement"):
            break
        reader.page.keyboard.press("Tab")
    expect(button).to_be_focused()
    reader.page.keyboard.press("Enter")
    person = reader.page.get_by_role("button", name=known["google"].issuer.people()[0].name)
    person.focus()
    reader.page.keyboard.press("Enter")
    reader.is_at("/account")
