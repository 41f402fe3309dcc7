"""Captchas in a real browser: ALTCHA from end to end, and the script that asks Google for an answer."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser.inspection import Watch, faults_of
from tests.support.captcha_vendor import CaptchaVendor
from tests.support.people import ADDRESS, PASSWORD, add_reader
from tests.support.processes import free_port
from tests.support.service import Service

EVERYWHERE = "signup,forgot,login"
WAY_IN = {
    "/signup": ("Create account", "Check your inbox"),
    "/forgot-password": ("Send instructions", "Check your inbox"),
    "/login/link": ("Send the link", "Check your inbox"),
    "/login": ("Sign in", "Your account"),
}
FAILED = "We could not make sure that you are not a robot. Check your connection, then send the form again."


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        """Say nothing."""


@pytest.fixture
def open_site(make_service, sqlite_url) -> Iterator[Callable[..., Service]]:
    """Serve browsers from this process: `open_site(captcha="altcha")`; a reader has an account."""
    servers = []

    def start(**settings):
        port = free_port()
        service = make_service(
            sqlite_url, public_url=f"http://localhost:{port}", captcha_on=EVERYWHERE, **settings
        )
        add_reader(service)
        servers.append(make_server("localhost", port, service.app, threaded=True, request_handler=Quiet))
        threading.Thread(target=servers[-1].serve_forever, args=(0.05,), daemon=True).start()
        return service

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def fill_in(page, path, password=PASSWORD):
    """Everything but the button."""
    page.goto(path)
    page.get_by_label("Email address").fill(ADDRESS)
    if path in ("/signup", "/login"):
        page.get_by_label("Password", exact=True).fill(password)


def send(page, path):
    page.get_by_role("main").get_by_role("button", name=WAY_IN[path][0], exact=True).click()


def has_arrived(page, path):
    expect(page.get_by_role("heading", level=1)).to_have_text(WAY_IN[path][1], timeout=20_000)


def test_altcha_lets_a_reader_through_every_door_without_a_third_party(open_site, new_page):
    service = open_site(captcha="altcha")
    page = new_page(base_url=service.settings.public_url)
    watch = Watch(page.context, service.settings.public_url)
    for path in WAY_IN:
        fill_in(page, path)
        assert faults_of(page) == []
        send(page, path)
        has_arrived(page, path)
    assert watch.faults == []


def test_a_reader_who_mistypes_goes_back_or_loses_the_line_gets_through_all_the_same(open_site, new_page):
    service = open_site(captcha="altcha")
    page = new_page(base_url=service.settings.public_url)
    fill_in(page, "/login", password="not the one, sorry")
    send(page, "/login")
    expect(page.get_by_role("alert")).to_contain_text("not right", timeout=20_000)
    page.get_by_label("Password").fill(PASSWORD)
    send(page, "/login")
    has_arrived(page, "/login")
    fill_in(page, "/forgot-password")
    send(page, "/forgot-password")
    has_arrived(page, "/forgot-password")
    page.go_back()
    page.get_by_label("Email address").fill(ADDRESS)
    page.route("**/challenge", lambda route: route.abort())
    page.reload()
    page.get_by_label("Email address").fill(ADDRESS)
    send(page, "/forgot-password")
    expect(page.get_by_role("status")).to_have_text(FAILED)
    assert faults_of(page) == []
    page.unroute("**/challenge")
    send(page, "/forgot-password")
    has_arrived(page, "/forgot-password")


def test_without_scripts_the_form_comes_back_and_says_what_is_missing(open_site, new_page):
    service = open_site(captcha="altcha")
    page = new_page(base_url=service.settings.public_url, java_script_enabled=False)
    fill_in(page, "/forgot-password")
    send(page, "/forgot-password")
    expect(page.get_by_role("alert")).to_have_text(
        "Show us that you are not a robot, then send the form again."
    )
    expect(page.get_by_label("Email address")).to_have_value(ADDRESS)
    page.get_by_role("link", name="Show us that you are not a robot").click()
    expect(page.locator("#captcha")).to_be_focused()


@pytest.mark.parametrize("kind", ["recaptcha_v3", "recaptcha_enterprise"])
def test_google_is_asked_for_an_answer_when_the_form_is_sent(open_site, new_page, kind):
    with CaptchaVendor(kind) as vendor:
        service = open_site(**vendor.settings)
        page = new_page(base_url=service.settings.public_url)
        watch = Watch(page.context, service.settings.public_url)
        name = "grecaptcha.enterprise" if kind.endswith("enterprise") else "grecaptcha"

        def google(route):
            """What Google's script offers a page."""
            body = "window.grecaptcha = { enterprise: {} };"
            body += f"""Object.assign({name}, {{
              ready: (then) => setTimeout(then, 10),
              execute: async (key, {{ action }}) =>
                key === "{vendor.site_key}" && action === "login" && "{vendor.solve("login")}",
            }})"""
            route.fulfill(body=body, content_type="text/javascript")

        page.route("https://www.google.com/recaptcha/*", google)
        fill_in(page, "/login")
        expect(page.get_by_text("This site is protected by reCAPTCHA")).to_be_visible()
        assert faults_of(page) == []
        send(page, "/login")
        has_arrived(page, "/login")
        assert [fault for fault in watch.faults if "www.google.com/recaptcha/" not in fault] == []
