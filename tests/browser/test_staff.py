"""The staff pages in a real browser, as a phone and as a desk see them, without scripts too."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, update

from service.core.mail_events import EventKind, MailReport
from service.core.values import new_id
from service.flows.clients import ClientDetails
from service.store.schema import SessionRow
from service.store.schema_second_factors import PasskeyRow
from tests.admin.people import Staff, events, hire, turn_on
from tests.browser.inspection import faults_of, refused
from tests.flows.people import change
from tests.support.live import LiveService
from tests.support.people import VISIT, add_reader, signed_in
from tests.support.service import Service

HELD_UP = "held-up@example.org"


@pytest.fixture
def desk(site: LiveService) -> Iterator[Staff]:
    """Somebody of the staff, at the same database as the site, with something to look at."""
    url = site.environment["AUTH_DATABASE_URL"]
    with Service(url, site.mailbox, public_url=site.url, worker="off") as service:
        flows = service.parts.flows
        found = flows.directory.at_address(HELD_UP).items
        if not found:
            reader = add_reader(service, HELD_UP, name="Ada with quite a long name, as some people have")
            flows.accounts.send_reset(reader.id, VISIT)
            turn_on(signed_in(service, HELD_UP))
            details = ClientDetails(
                name="Newsroom", redirect_uris=("https://cms.example.org/signed-in/back",), scopes=("openid",)
            )
            flows.clients.create(details, VISIT)
            flows.webhooks.create("https://hooks.example.org/masthead", ["user.created"], VISIT)
            flows.signing_keys.pen()
        number = new_id()
        report = MailReport(
            EventKind.BOUNCED, "smtp", f"bounce-{number}", HELD_UP, None, "550 5.1.1 no such user"
        )
        flows.suppressions.report([report])
        yield hire(service, f"desk{number}@example.org")


def at_the_desk(desk: Staff, page: Page) -> Page:
    """The same session in a real browser."""
    cookie = desk.browser.inner.get_cookie("masthead")
    assert cookie
    page.context.add_cookies([{"name": "masthead", "value": cookie.value, "url": desk.browser.public_url}])
    return page


def paths(desk: Staff) -> list[str]:
    (reader,) = desk.service.parts.flows.directory.at_address(HELD_UP).items
    return [
        *("/admin", "/admin?q=nobody@example.org", f"/admin/users/{reader.id}"),
        f"/admin/users/{reader.id}/second-factor",
        *(f"/admin/users/{desk.user.id}", f"/admin/mail?address={HELD_UP}", "/admin/audit"),
        *("/admin/audit?account=x", "/admin/clients", "/admin/webhooks", "/admin/keys"),
    ]


def test_every_staff_page_is_sound(site: LiveService, desk: Staff, new_browser: Callable[..., Page]) -> None:
    page = at_the_desk(desk, new_browser(site))
    faults = []
    for path in paths(desk):
        page.goto(path)
        faults += [*faults_of(page), *refused(page, "dark")]
    assert faults == []


def test_what_is_missing_first_is_said_on_a_sound_page(
    site: LiveService, desk: Staff, new_browser: Callable[..., Page]
) -> None:
    page = at_the_desk(desk, new_browser(site))
    mine = update(SessionRow).where(SessionRow.user_id == desk.user.id)
    change(desk.service, mine.values(auth_time=datetime.now(UTC) - timedelta(minutes=20)))
    page.goto("/admin/keys")
    expect(page.get_by_text("To change anything here, sign in again first")).to_be_visible()
    faults = [*faults_of(page), *refused(page, "dark")]
    page.get_by_role("button", name="Publish the next key").click()
    expect(page).to_have_url(f"{site.url}/login?again=1&next=%2Fadmin%2Fkeys")
    change(desk.service, delete(PasskeyRow).where(PasskeyRow.user_id == desk.user.id))
    page.goto("/admin")
    expect(page.get_by_role("heading", level=1)).to_have_text("A second factor first")
    assert [*faults, *faults_of(page), *refused(page, "dark")] == []


def test_a_reader_is_helped_by_links_and_buttons_alone(
    site: LiveService, desk: Staff, new_browser: Callable[..., Page]
) -> None:
    options: dict[str, Any] = {"java_script_enabled": False, "viewport": {"width": 320, "height": 640}}
    page = at_the_desk(desk, new_browser(site, **options))
    page.goto("/admin")
    page.get_by_label("Email address or id of an account").fill(HELD_UP)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HELD_UP)
    page.get_by_role("button", name="Write to this address again").click()
    expect(page.get_by_role("status")).to_have_text("Letters go to this address again.")
    page.get_by_role("link", name="Overview").click()
    page.get_by_label("Email address or id of an account").fill(HELD_UP)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="End all sessions").click()
    expect(page.get_by_role("status")).to_have_text(
        "All sessions and mailed links of the account have ended."
    )
    expect(page.get_by_text("Signed in nowhere.")).to_be_visible()
    (reader,) = desk.service.parts.flows.directory.at_address(HELD_UP).items
    assert events(desk.service, "session.revoked_all", reader.id)[0].data["by"] == str(desk.user.id)
