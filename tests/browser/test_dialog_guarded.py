"""Captchas, throttles and second steps in the dialog: for all but ALTCHA the reader goes to the page."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from pyotp import TOTP
from werkzeug.serving import make_server

from tests.browser.visitor import Visitor
from tests.support.authenticator import next_code
from tests.support.captcha_vendor import CaptchaVendor
from tests.support.host_page import HostPage, Quiet
from tests.support.live import LiveClient
from tests.support.people import ADDRESS, PASSWORD, add_reader
from tests.support.processes import free_port

NOTICE = (
    "Protected by ALTCHA: your browser does a short calculation that keeps robots out. Nobody else is told."
)


@pytest.fixture
def open_town(make_service, sqlite_url, new_page) -> Iterator[Callable[..., Visitor]]:
    """A magazine and its accounts service, in this process: `open_town(captcha="altcha")`; a reader has an account."""
    servers = []

    def start(**settings):
        port, magazine = free_port(), HostPage()
        magazine.__enter__()
        servers.append(magazine)
        address = f"http://localhost:{port}"
        service = make_service(
            sqlite_url,
            public_url=address,
            site_url=magazine.origin,
            allowed_origins=magazine.origin,
            **settings,
        )
        add_reader(service)
        server = make_server("localhost", port, service.app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        magazine.service = address
        visitor = Visitor(new_page(base_url=address), magazine, None, ADDRESS)
        visitor.read()
        return visitor

    yield start
    for server in servers:
        if isinstance(server, HostPage):
            server.__exit__(None, None, None)
        else:
            server.shutdown()
            server.server_close()


def test_altcha_is_worked_out_under_the_strictest_policy_of_the_page(open_town):
    visitor = open_town(captcha="altcha", captcha_on="signup,forgot,login:suspicion")
    visitor.open("#login")
    visitor.sees("Sign in")
    assert NOTICE not in visitor.dialog.inner_text()
    visitor.link("Forgot password?")
    visitor.says(NOTICE)
    visitor.sees("Forgot password")
    visitor.type("Email address", ADDRESS)
    visitor.button("Send instructions")
    expect(visitor.dialog.get_by_role("heading")).to_have_text("Check your inbox", timeout=20_000)
    visitor.link("Try again")
    visitor.type("Email address", ADDRESS)
    visitor.button("Send instructions")  # an answer counts once
    expect(visitor.dialog.get_by_role("heading")).to_have_text("Check your inbox", timeout=20_000)
    assert visitor.seen == {"Sign in": [], "Forgot password": []}


def test_whom_we_come_to_suspect_works_it_out_without_being_asked_twice(open_town):
    visitor = open_town(captcha="altcha", captcha_on="login:suspicion", rate_limit_scale=1)
    visitor.open("#login")
    visitor.type("Email address", ADDRESS)
    for _ in range(3):
        visitor.type("Password", "not the password")
        visitor.button("Sign in")
        expect(visitor.dialog.get_by_role("alert")).to_contain_text("is not right")
        expect(visitor.dialog.get_by_role("button", name="Sign in", exact=True)).to_be_enabled()
    with visitor.page.expect_request("**/captcha/challenge"):
        visitor.type("Password", PASSWORD)
        visitor.button("Sign in")
    expect(visitor.dialog).to_have_count(0, timeout=20_000)
    visitor.is_in()


def test_for_the_captcha_of_a_vendor_the_reader_goes_to_the_page(open_town):
    with CaptchaVendor("turnstile") as vendor:
        visitor = open_town(**vendor.settings)
        visitor.page.route("https://challenges.cloudflare.com/**", lambda route: route.abort())
        visitor.open("#login")
        visitor.sees("Sign in")
        visitor.link("Create an account")
        visitor.page.wait_for_url(f"{visitor.magazine.service}/signup?next=*")
        visitor.read()
        visitor.open("#signup")
        visitor.page.wait_for_url(f"{visitor.magazine.service}/signup?next=*")


def test_too_many_tries_are_told_with_how_long_to_wait(open_town):
    visitor = open_town(rate_limits="forgot_per_client=1/hour", rate_limit_scale=1)
    visitor.open("#login")
    visitor.link("Forgot password?")
    visitor.type("Email address", ADDRESS)
    visitor.button("Send instructions")
    visitor.sees("Check your inbox")
    visitor.link("Try again")
    visitor.button("Send instructions")
    expect(visitor.dialog.get_by_role("alert")).to_have_text(
        "Too many tries. Wait a little, then try again. (in 60 minutes)"
    )
    expect(visitor.dialog.get_by_label("Email address")).to_have_value(ADDRESS)


def test_for_the_second_step_the_reader_goes_to_the_page_and_comes_back_to_the_paragraph(open_town):
    visitor = open_town()
    secret = turn_second_step_on(visitor.magazine.service)
    visitor.open("#login")
    visitor.type("Email address", ADDRESS)
    visitor.type("Password", PASSWORD)
    visitor.button("Sign in")
    visitor.page.wait_for_url(f"{visitor.magazine.service}/login/mfa?next=*")
    visitor.page.get_by_label("Code").fill(next_code(secret))
    visitor.page.keyboard.press("Enter")
    visitor.reads_on()
    visitor.is_in()


def turn_second_step_on(url):
    """Return the secret of the app."""
    with LiveClient(url) as program:
        program.post("/api/v1/login", json={"email": ADDRESS, "password": PASSWORD})
        secret = program.post("/api/v1/me/mfa/totp", json={"current_password": PASSWORD}).json()["secret"]
        done = program.post("/api/v1/me/mfa/totp/confirm", json={"code": TOTP(secret).now()})
        assert done.status_code == 200, done.text
    return str(secret)
