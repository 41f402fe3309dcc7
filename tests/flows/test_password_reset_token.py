"""The token of a link: looking uses nothing up, one use does, and nothing but the newest genuine one works."""

import base64
import string
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from service.core.tokens import Purpose
from service.store.schema import UserRow
from tests.flows.forgotten import (
    NEW,
    NEWER,
    OLD,
    OTHER,
    READER,
    RESET,
    STAFF,
    refused_token,
    signed_in,
)
from tests.support.pages import hidden_fields

case = pytest.mark.case


@case("RST-37")
def test_scanners_that_follow_the_link_use_nothing_up(forgotten):
    forgotten.join()
    token = forgotten.token()
    before = forgotten.rows("users"), forgotten.rows("audit_events")
    for number in range(50):
        scanner = forgotten.service.client()
        agent = {"User-Agent": f"LinkScanner/{number}", "Origin": None}
        head = scanner.request("HEAD", f"/reset-password?token={token}", headers=agent)
        moved = scanner.get(f"/reset-password?token={token}", headers=agent)
        assert (head.status_code, moved.status_code) == (303, 303)
        assert scanner.follow(moved).status_code == 200
        assert scanner.inner.get_cookie("masthead") is None
        assert not signed_in(scanner)
    assert (forgotten.rows("users"), forgotten.rows("audit_events")) == before
    done = forgotten.opened(token).form("/reset-password", password=NEW)
    assert done.headers["Location"] == "/login"
    assert forgotten.opens(NEW)


@case("RST-38")
def test_a_used_token_is_refused_as_if_it_had_never_been_one(forgotten):
    forgotten.join()
    token = forgotten.token()
    assert forgotten.reset(token).status_code == 200
    again, unknown = forgotten.reset(token, NEWER), forgotten.reset("a.b.c", NEWER)
    assert refused_token(again)
    ignoring_the_id = {"request_id": ""}
    assert again.json | ignoring_the_id == unknown.json | ignoring_the_id
    assert forgotten.opens(NEW)
    assert not forgotten.opens(NEWER)


@case("RST-40")
def test_of_two_open_forms_the_second_is_too_late(forgotten):
    forgotten.join()
    token = forgotten.token()
    first, second = forgotten.opened(token), forgotten.opened(token)
    page = second.get("/reset-password").text
    assert first.form("/reset-password", password=NEW).status_code == 303

    late = second.post("/reset-password", data=hidden_fields(page) | {"password": NEWER})
    assert late.status_code == 400
    assert "Send a new link" in late.text
    assert forgotten.opens(NEW)
    assert not forgotten.opens(NEWER)


def twins_of(token):
    """Other spellings of the same signature: spare bits in its last character, and padding."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    spelled = [token[:-1] + letter for letter in alphabet if letter != token[-1]]
    signature = base64.urlsafe_b64decode(token.rpartition(".")[2] + "=")
    same = [twin for twin in spelled if base64.urlsafe_b64decode(twin.rpartition(".")[2] + "=") == signature]
    assert len(same) == 3
    return [*same, f"{token}=", f"{token}=="]


@case("RST-41")
def test_a_token_spelled_differently_is_the_same_token(forgotten):
    forgotten.join()
    token = forgotten.token()
    assert forgotten.reset(token).status_code == 200
    for twin in twins_of(token):
        assert refused_token(forgotten.reset(twin, NEWER)), twin
    token = forgotten.token()
    first = [forgotten.reset(twin, NEWER).status_code for twin in twins_of(token)]
    assert first.count(200) <= 1
    assert refused_token(forgotten.reset(token)) is (200 in first)


@case("RST-42")
def test_only_the_newest_letter_works(forgotten):
    forgotten.join()
    first = forgotten.token()
    assert forgotten.ask().status_code == 202
    assert forgotten.opened(first), "asking alone takes nothing from the reader"
    second = forgotten.token_of()
    assert second != first
    assert forgotten.ask().status_code == forgotten.ask().status_code == 202
    newest = forgotten.token_of()
    for token in (first, second):
        assert refused_token(forgotten.reset(token))
    assert forgotten.reset(newest).status_code == 200


def changes_the_password(forgotten, browser, _user):
    body = {"current_password": OLD, "new_password": NEWER}
    assert browser.post("/api/v1/password/change", body).status_code == 200


def signs_out_everywhere_else(_forgotten, browser, _user):
    assert browser.delete("/api/v1/sessions").status_code == 204


def is_sent_a_link_by_staff(forgotten, _browser, user):
    forgotten.service.parts.flows.accounts.send_reset(user.id, STAFF)


def is_disabled(forgotten, _browser, user):
    forgotten.service.parts.flows.accounts.disable(user.id, STAFF)


def is_disabled_and_enabled(forgotten, _browser, user):
    is_disabled(forgotten, _browser, user)
    forgotten.service.parts.flows.accounts.enable(user.id, STAFF)


@pytest.mark.parametrize(
    "what_happens",
    [
        pytest.param(changes_the_password, marks=case("RST-43")),
        pytest.param(signs_out_everywhere_else, marks=case("RST-43")),
        pytest.param(is_sent_a_link_by_staff, marks=case("RST-43")),
        pytest.param(is_disabled, marks=case("RST-46", "RST-33")),
        pytest.param(is_disabled_and_enabled, marks=case("RST-46", "RST-33")),
    ],
)
def test_a_link_is_dead_once_the_reader(forgotten, what_happens):
    user = forgotten.join()
    token = forgotten.token()
    what_happens(forgotten, forgotten.sign_in(OLD), user)
    hashed = forgotten.rows("users")[0].password_hash
    assert refused_token(forgotten.reset(token))
    assert forgotten.rows("users")[0].password_hash == hashed


@case("RST-45")
def test_signing_in_does_not_take_the_link_away(forgotten):
    """Mail is slow: who remembers the password meanwhile may still follow the letter."""
    forgotten.join()
    token = forgotten.token()
    forgotten.sign_in(OLD)
    assert forgotten.reset(token).status_code == 200


@case("RST-46")
def test_a_new_account_under_the_same_address_is_out_of_an_old_links_reach(forgotten):
    forgotten.join()
    token = forgotten.token()
    with forgotten.service.parts.store.engine.begin() as connection:
        connection.execute(delete(UserRow))
    forgotten.join(password=NEWER)
    assert refused_token(forgotten.reset(token))
    assert forgotten.opens(NEWER)


@case("RST-47")
def test_no_other_secret_of_ours_is_a_reset_token_and_a_reset_token_is_nothing_else(forgotten):
    forgotten.join()
    browser = forgotten.sign_in(OLD)
    browser.post("/api/v1/signup", {"email": OTHER, "password": OLD})
    browser.get("/forgot-password")
    forgotten.service.deliver()
    signup = forgotten.mailbox.to(OTHER)[0].link("/signup/confirm").partition("token=")[2]
    cookies = ["masthead", "masthead-signup", "masthead-forms"]
    others = [signup, *(browser.inner.get_cookie(name).value for name in cookies)]
    for other in others:
        assert refused_token(forgotten.reset(other))
    token = forgotten.token()
    confirm = browser.post("/api/v1/signup/confirm", {"token": token, "password": NEW})
    assert refused_token(confirm)
    page = browser.follow(browser.get(f"/signup/confirm?token={token}"))
    assert page.status_code == 400
    thief = forgotten.service.client()
    for name in cookies:
        thief.inner.set_cookie(name, token)
    assert not signed_in(thief)
    tokens, now = forgotten.service.parts.flows.password_reset.tokens, datetime.now(UTC)
    inside = tokens.read(Purpose.PASSWORD_RESET, token, lifetime=timedelta(hours=1))
    for purpose in set(Purpose) - {Purpose.PASSWORD_RESET}:
        assert refused_token(forgotten.reset(tokens.sign(purpose, inside, at=now)))
    assert forgotten.reset(token).status_code == 200


@case("RST-48")
def test_a_token_opens_its_own_account_whoever_the_body_names(forgotten):
    forgotten.join()
    other = forgotten.join(OTHER)
    token = forgotten.token()
    for more in ({"email": OTHER}, {"user_id": str(other.id)}, {"user": other.id.hex}, {"id": str(other.id)}):
        body = {"token": token, "password": NEW} | more
        assert forgotten.service.client().post(RESET, body).status_code == 422
    reader = forgotten.opened(token)
    done = reader.form("/reset-password", password=NEW, email=OTHER, user_id=str(other.id))
    assert done.status_code == 303
    assert forgotten.opens(NEW)
    assert forgotten.opens(OLD, OTHER)
    assert not forgotten.opens(NEW, OTHER)


@case("RST-49")
def test_no_step_can_be_left_out_or_taken_again(forgotten):
    forgotten.join()
    stranger = forgotten.service.client()
    stranger.form("/forgot-password", email=READER)
    assert stranger.get("/reset-password").status_code == 400

    fields = hidden_fields(stranger.get("/forgot-password").text) | {"password": NEW, "email": READER}
    assert stranger.post("/reset-password", data=fields).status_code == 400
    for body in ({"password": NEW}, {"token": "", "password": NEW}, {"token": None, "password": NEW}):
        assert stranger.post(RESET, body).status_code in (400, 422)
    change = stranger.post("/api/v1/password/change", {"new_password": NEW})
    assert change.json["code"] == "unauthenticated"
    assert forgotten.opens(OLD)

    reader = forgotten.opened(forgotten.token())
    page = reader.get("/reset-password").text
    assert reader.form("/reset-password", password=NEW).status_code == 303
    assert reader.get("/reset-password").status_code == 400
    back = reader.post("/reset-password", data=hidden_fields(page) | {"password": NEWER})
    assert back.status_code in (400, 403)
    assert forgotten.opens(NEW)


@case("RST-52")
def test_no_damaged_token_works_and_none_upsets_the_service(forgotten_on_sqlite):
    forgotten = forgotten_on_sqlite
    forgotten.join()
    token = forgotten.token()
    payload, timestamp, signature = token.rsplit(".", 2)
    swapped = str.maketrans(
        string.ascii_letters + string.digits, string.ascii_letters[1:] + string.digits + "A"
    )
    flipped = [
        token[:at] + (letter.translate(swapped) if letter.isalnum() else "A") + token[at + 1 :]
        for at, letter in enumerate(token[:-1])
    ]
    cut = [token[:length] for length in range(len(token))]
    moved = [
        f"{timestamp}.{payload}.{signature}",
        f"{payload}.{signature}.{timestamp}",
        f"{payload}.{timestamp}.",
        f"{payload}.{timestamp}.{signature}.{signature}",
        f".{token}",
        f"{token}.",
        payload + "." + signature,
    ]
    extra = [mark + token for mark in " \n\t\0"] + [token + mark for mark in " \n\t\0\r\u2028\xa0"]
    strange = [
        "",
        ".",
        "..",
        "...",
        "\u00e9.\u00e9.\u00e9",
        "a" * 5000,
        f"{payload}.{timestamp}.{signature[:-1]}\uff21",
    ]
    client = forgotten.service.client()
    for damaged in {*flipped, *cut, *moved, *extra, *strange} - {token}:
        answer = client.post(RESET, {"token": damaged, "password": NEW})
        assert answer.status_code == (422 if "\0" in damaged else 400), ascii(damaged)
        assert answer.mimetype == "application/problem+json"
    assert forgotten.opens(OLD)
    assert forgotten.reset(token).status_code == 200
