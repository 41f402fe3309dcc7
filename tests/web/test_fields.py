"""What every field tells keyboards, password managers and passkeys, in one table (WCAG 2.2, 1.3.5 and 3.3.8)."""

import re
from collections.abc import Callable

import pytest
from pyotp import TOTP
from werkzeug.test import TestResponse

from tests.support.people import ADDRESS, PASSWORD, add_reader, signed_in
from tests.support.service import Client, Service

# name, type, autocomplete, inputmode, enterkeyhint. A field without a name is there to be read.
Field = tuple[str | None, ...]
READ = (None, "email", "username", None, None)
NEW_ADDRESS = ("email", "email", "email", "email", "next")
ASKED_ADDRESS = ("email", "email", "username", "email", "send")
OLD_PASSWORD = ("current_password", "password", "current-password", None, "go")
CHOSEN_PASSWORD = ("password", "password", "new-password", None, "done")
NAME = ("name", "text", "name", None, "done")
APP_CODE = ("code", "text", "one-time-code", "numeric", "go")
EITHER_CODE = ("code", "text", "one-time-code", "text", "go")
STRANGERS = {
    "/login": [
        ("email", "email", "username webauthn", "email", "next"),
        ("password", "password", "current-password", None, "go"),
    ],
    "/signup": [NEW_ADDRESS, ("password", "password", "new-password", None, "next"), NAME],
    "/forgot-password": [ASKED_ADDRESS],
    "/login/link": [ASKED_ADDRESS],
    "/reset-password": [READ, CHOSEN_PASSWORD],
    "/signup/confirm": [READ, CHOSEN_PASSWORD],
    "/login/link/confirm": [READ],
}
READERS = {
    "/account": [NAME],
    "/account/email": [READ, NEW_ADDRESS, OLD_PASSWORD],
    "/account/password": [READ, OLD_PASSWORD, ("new_password", "password", "new-password", None, "done")],
    "/account/delete": [READ, OLD_PASSWORD],
    "/account/passkeys": [("name", "text", "off", None, "next"), READ, OLD_PASSWORD],
    "/account/second-factor": [READ, OLD_PASSWORD],
}
SECOND_STEP = {
    "/login/mfa": [READ, APP_CODE],
    "/login/mfa?recovery=1": [READ, EITHER_CODE],
    "/account/second-factor?on": [EITHER_CODE],
}


def inputs(page: TestResponse) -> list[str]:
    """The fields people fill in or read, ticks aside."""
    found = re.findall(r"<input[^>]*>", page.text)
    return [tag for tag in found if said(tag, "type") not in ("hidden", "checkbox")]


def said(tag: str, attribute: str) -> str | None:
    found = re.search(rf'\s{attribute}="([^"]*)"', tag)
    return found[1] if found else None


def table(page: TestResponse) -> list[Field]:
    names = ("name", "type", "autocomplete", "inputmode", "enterkeyhint")
    return [tuple(said(tag, name) for name in names) for tag in inputs(page)]


@pytest.fixture
def pages(make_service: Callable[..., Service], sqlite_url: str) -> dict[str, TestResponse]:
    """Every page with a field to type in, as strangers and readers see it; links opened where nobody asked."""
    service = make_service(sqlite_url)
    add_reader(service)
    stranger, elsewhere, reader = service.client(), service.client(), signed_in(service)
    for asked, address, leads_to in (
        ("/signup", "new@example.org", "/signup/confirm"),
        ("/forgot-password", ADDRESS, "/reset-password"),
        ("/login/link", ADDRESS, "/login/link/confirm"),
    ):
        stranger.form(asked, email=address, password=PASSWORD)
        service.deliver()
        elsewhere.get(service.mailbox.to(address)[-1].link(leads_to))
    shown = {path: elsewhere.get(path) for path in STRANGERS} | {path: reader.get(path) for path in READERS}
    shown |= waiting(service, reader)
    assert {path: page.status_code for path, page in shown.items()} == dict.fromkeys(shown, 200)
    return shown


def waiting(service: Service, reader: Client) -> dict[str, TestResponse]:
    """The pages of an account with a second step, once a sign-in waits for it."""
    app = reader.post("/api/v1/me/mfa/totp", {"current_password": PASSWORD}).json
    reader.post("/api/v1/me/mfa/totp/confirm", {"code": TOTP(app["secret"]).now()})
    other = service.client()
    other.form("/login", email=ADDRESS, password=PASSWORD)
    return {path: (reader if "account" in path else other).get(path) for path in SECOND_STEP}


def test_every_field_says_what_belongs_into_it(pages: dict[str, TestResponse]) -> None:
    assert {path: table(page) for path, page in pages.items()} == STRANGERS | READERS | SECOND_STEP


def test_passwords_and_addresses_are_taken_as_they_are_typed_or_pasted(
    pages: dict[str, TestResponse],
) -> None:
    """Nothing changes or cuts them, and managers learn the rule for a new one."""
    tags = [tag for page in pages.values() for tag in inputs(page) if 'type="text"' not in tag]
    for tag in tags:
        assert said(tag, "maxlength") is None
        assert " on" not in tag
        assert said(tag, "autocomplete") != "off"
        if said(tag, "name"):
            assert (said(tag, "autocapitalize"), said(tag, "spellcheck")) == ("none", "false")
        if said(tag, "autocomplete") == "new-password":
            assert (said(tag, "minlength"), said(tag, "passwordrules")) == ("8", "minlength: 8;")
