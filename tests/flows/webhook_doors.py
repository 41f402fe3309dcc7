"""Every door through which an account changes, and what a service hears of it, in order.

A door is a story from nothing; only what it tells of the accounts whose address holds its name counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.core.webhooks import WebhookType as Type
from tests.flows.at_providers import cast, connect, sign_in
from tests.flows.movers import moved, undo, undo_token
from tests.flows.people import (
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    join,
    letters_to,
    log_in,
    signed_in,
    token_in,
)
from tests.support.caller import USERS, Caller

CREATED, UPDATED, DELETED = Type.USER_CREATED, Type.USER_UPDATED, Type.USER_DELETED
SESSION, REVOKED, PASSWORD_CHANGED = Type.SESSION_CREATED, Type.SESSION_REVOKED, Type.USER_PASSWORD_CHANGED
LINKED, UNLINKED = Type.IDENTITY_LINKED, Type.IDENTITY_UNLINKED
IN = (CREATED, SESSION)  # made by staff and signed in


@dataclass(frozen=True)
class World:
    """A service that is configured for all doors."""

    service: Any
    google: Any
    apple: Any
    issuer: Any
    clock: Any

    def link(self, address: str, path: str) -> str:
        letters = [one for one in letters_to(self.service, address) if path in one.raw.decode()]
        return str(token_in(letters[-1], path))

    def caller(self) -> Caller:
        return Caller(self.service, "users:read", "users:write")


def by_sign_up(world: World, address: str) -> None:
    browser = world.service.client()
    form = {"email": address, "password": PASSWORD, "newsletter": True}
    assert browser.post("/api/v1/signup", form).status_code == 202
    token = world.link(address, "/signup/confirm")
    assert browser.post("/api/v1/signup/confirm", {"token": token}).status_code == 201


def by_sign_up_to_an_unproven_account(world: World, address: str) -> None:
    join(world.service, address, OTHER_PASSWORD, verified=False)
    browser = world.service.client()
    assert browser.post("/api/v1/signup", {"email": address, "password": PASSWORD}).status_code == 202
    token = world.link(address, "/signup/confirm")
    assert browser.post("/api/v1/signup/confirm", {"token": token}).status_code == 201


def by_the_user_api(world: World, address: str) -> None:
    caller = world.caller()
    user = caller.post(USERS, {"email": address, "password": PASSWORD, "email_verified": True}).json["user"]
    one = f"{USERS}/{user['id']}"
    assert log_in(world.service.client(), address).status_code == 200
    assert caller.patch(one, {"name": "Ada", "roles": ["editor"]}).status_code == 200
    assert caller.post(f"{one}/sessions/revoke").status_code == 204
    assert log_in(world.service.client(), address).status_code == 200
    assert caller.post(f"{one}/password-reset").status_code == 202
    assert caller.patch(one, {"disabled": True}).status_code == 200
    assert caller.patch(one, {"disabled": False}).status_code == 200
    world.service.deliver()  # what is not told by now is told no more
    assert caller.delete(one).status_code == 204


def by_signing_in_and_out(world: World, address: str) -> None:
    join(world.service, address)
    browser = signed_in(world.service, address)
    assert log_in(browser, address).status_code == 200  # the browser's earlier session ends
    assert browser.post("/api/v1/logout").status_code == 204


def by_the_list_of_devices(world: World, address: str) -> None:
    join(world.service, address)
    here, _, _ = (signed_in(world.service, address) for _ in range(3))
    listed = here.get("/api/v1/sessions").json
    listed = listed["sessions"] if isinstance(listed, dict) else listed
    other = next(one["id"] for one in listed if not one["current"])
    assert here.delete(f"/api/v1/sessions/{other}").status_code == 204
    assert here.delete("/api/v1/sessions").status_code == 204


def by_the_profile(world: World, address: str) -> None:
    join(world.service, address)
    browser = signed_in(world.service, address)
    for change in ({"name": "Ada"}, {"newsletter": True}, {"newsletter": False}, {"newsletter": False}):
        assert browser.patch("/api/v1/me", change).status_code == 200


def by_changing_the_password(world: World, address: str) -> None:
    join(world.service, address)
    here, _ = signed_in(world.service, address), signed_in(world.service, address)
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert here.post("/api/v1/password/change", body).status_code == 200


def by_a_reset(world: World, address: str) -> None:
    join(world.service, address)
    signed_in(world.service, address)
    _reset(world, address)


def by_a_reset_of_an_unproven_account(world: World, address: str) -> None:
    join(world.service, address, verified=False)
    _reset(world, address)


def _reset(world: World, address: str) -> None:
    browser = world.service.client()
    browser.post("/api/v1/password/forgot", {"email": address})
    reset = {"token": world.link(address, "/reset-password"), "password": OTHER_PASSWORD}
    assert browser.post("/api/v1/password/reset", reset).status_code == 200


def by_a_sign_in_link(world: World, address: str) -> None:
    join(world.service, address, verified=False)
    browser = world.service.client()
    browser.post("/api/v1/login/link", {"email": address})
    token = world.link(address, "/login/link/confirm")
    assert browser.post("/api/v1/login/link/confirm", {"token": token}).status_code == 200


def by_another_address_and_back(world: World, address: str) -> None:
    join(world.service, address)
    browser = signed_in(world.service, address)
    world.google.person = cast(world.google, 0, subject="9" * 21, email=f"g.{address}")
    moved(world.service, browser, f"new.{address}")
    connect(browser, world.google)
    assert undo(world.service, undo_token(world.service, address)).status_code in (302, 303)


def by_it_was_not_me(world: World, address: str) -> None:
    join(world.service, address)
    signed_in(world.service, address)
    stranger = world.service.client(known=False)
    assert log_in(stranger, address).status_code == 200
    token = world.link(address, "/account/not-me")
    browser = world.service.client(known=False)
    browser.follow(browser.get(f"/account/not-me?token={token}"))
    assert browser.form("/account/not-me").status_code == 303


def by_leaving_and_coming_back(world: World, address: str) -> None:
    join(world.service, address)
    browser = signed_in(world.service, address)
    assert browser.delete("/api/v1/me", {"current_password": PASSWORD}).status_code == 202
    assert log_in(browser, address).status_code == 200


def by_leaving(world: World, address: str) -> None:
    join(world.service, address)
    browser = signed_in(world.service, address)
    assert browser.delete("/api/v1/me", {"current_password": PASSWORD}).status_code == 202
    world.service.deliver()
    world.clock.advance(days=14, seconds=1)
    assert world.service.parts.flows.erasure.erase_due() == 1
    world.service.deliver()
    world.clock.advance(days=-14, seconds=-1)


def by_staff(world: World, address: str) -> None:
    user = join(world.service, address)
    signed_in(world.service, address)
    accounts = world.service.parts.flows.accounts
    accounts.disable(user.id, STAFF)
    accounts.enable(user.id, STAFF)
    accounts.send_reset(user.id, STAFF)


def by_joining_with_google(world: World, address: str) -> None:
    world.google.person = cast(world.google, 0, subject="1" * 21, email=address, hosted_domain="example.org")
    assert sign_in(world.service.client(), world.google).status_code == 303


def by_google_to_an_unproven_account(world: World, address: str) -> None:
    join(world.service, address, verified=False)
    world.google.person = cast(world.google, 0, subject="2" * 21, email=address, hosted_domain="example.org")
    assert sign_in(world.service.client(), world.google).status_code == 303


def by_connecting_and_disconnecting(world: World, address: str) -> None:
    join(world.service, address)
    browser = signed_in(world.service, address)
    world.google.person = cast(world.google, 0, subject="3" * 21, email=f"g.{address}")
    connect(browser, world.google)
    assert browser.delete("/api/v1/me/identities/google").status_code == 204


def by_proving_with_the_password(world: World, address: str) -> None:
    join(world.service, address)
    world.issuer.person = cast(world.issuer, 0, subject="known", email=address)
    browser = world.service.client()
    assert sign_in(browser, world.issuer).headers["Location"] == "/login/connect"
    assert browser.form("/login/connect", password=PASSWORD).status_code == 303


def by_proving_with_the_mailbox(world: World, address: str) -> None:
    world.issuer.person = cast(world.issuer, 1, subject="new", email=address)
    browser = world.service.client()
    assert sign_in(browser, world.issuer).headers["Location"] == "/login/connect/sent"
    link = f"/login/connect/confirm?token={world.link(address, '/login/connect/confirm')}"
    browser.follow(browser.get(link))
    assert browser.form("/login/connect/confirm").status_code == 303


def by_apples_word(world: World, address: str) -> None:
    world.apple.person = cast(world.apple, 0, subject="001701.door", email=address)
    browser = world.service.client()
    assert sign_in(browser, world.apple).status_code == 303
    _told_by(world, world.apple, "account-delete")


def by_googles_word(world: World, address: str) -> None:
    world.google.person = cast(world.google, 0, subject="4" * 21, email=address, hosted_domain="example.org")
    assert sign_in(world.service.client(), world.google).status_code == 303
    _told_by(world, world.google, "sessions-revoked")


def _told_by(world: World, provider: Any, event: str) -> None:
    request = provider.event_request(provider.event_token(event))
    told = world.service.client().request(
        "POST", f"/events/{provider.name}", headers={"Origin": None}, **request
    )
    assert told.status_code == 202


DOORS: dict[Callable[[World, str], None], tuple[Type, ...]] = {
    by_sign_up: (CREATED, Type.NEWSLETTER_SUBSCRIBED, SESSION),
    by_sign_up_to_an_unproven_account: (CREATED, UPDATED, PASSWORD_CHANGED, SESSION),
    by_the_user_api: (
        *(CREATED, SESSION, UPDATED, REVOKED, SESSION, REVOKED),
        *(Type.USER_DISABLED, UPDATED, DELETED),
    ),
    by_signing_in_and_out: (*IN, REVOKED, SESSION, REVOKED),
    by_the_list_of_devices: (*IN, SESSION, SESSION, REVOKED, REVOKED),
    by_the_profile: (*IN, UPDATED, Type.NEWSLETTER_SUBSCRIBED, Type.NEWSLETTER_UNSUBSCRIBED),
    by_changing_the_password: (*IN, SESSION, REVOKED, PASSWORD_CHANGED),
    by_a_reset: (*IN, REVOKED, PASSWORD_CHANGED),
    by_a_reset_of_an_unproven_account: (CREATED, UPDATED, PASSWORD_CHANGED),
    by_a_sign_in_link: (CREATED, UPDATED, PASSWORD_CHANGED, SESSION),
    by_another_address_and_back: (
        *(*IN, Type.USER_EMAIL_CHANGED, LINKED),
        *(UNLINKED, REVOKED, Type.USER_EMAIL_CHANGED, PASSWORD_CHANGED),
    ),
    by_it_was_not_me: (*IN, SESSION, REVOKED, REVOKED, PASSWORD_CHANGED),
    by_leaving_and_coming_back: (*IN, REVOKED, SESSION),
    by_leaving: (*IN, REVOKED, DELETED),
    by_staff: (*IN, REVOKED, Type.USER_DISABLED, UPDATED),
    by_joining_with_google: (CREATED, LINKED, SESSION),
    by_google_to_an_unproven_account: (CREATED, UPDATED, PASSWORD_CHANGED, LINKED, SESSION),
    by_connecting_and_disconnecting: (*IN, LINKED, UNLINKED),
    by_proving_with_the_password: (CREATED, LINKED, SESSION),
    by_proving_with_the_mailbox: (CREATED, LINKED, SESSION),
    by_apples_word: (CREATED, LINKED, SESSION, REVOKED, UNLINKED, Type.USER_DISABLED),
    by_googles_word: (CREATED, LINKED, SESSION, REVOKED),
}
