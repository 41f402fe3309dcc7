"""One answer for everybody, and a letter for those whom it concerns: what asking tells, and what it never does."""

import re
from itertools import cycle

import pytest
from sqlalchemy import insert

from service.core.values import new_id
from service.store.schema import IdentityRow
from tests.flows.forgotten import FORGOT, NEW, OLD, READER, STAFF, Forgotten, refused_token, signed_in

case = pytest.mark.case

KINDS = ["reader", "unknown", "social", "unverified", "disabled", "staff"]


@pytest.fixture
def everybody(make_service, database):
    """A service with an account of every kind; staff get in again through their own desk."""
    forgotten = Forgotten(make_service(database, reset_excluded_roles="staff"))
    for kind in KINDS:
        if kind != "unknown":
            roles = ["staff"] if kind == "staff" else []
            password = None if kind == "social" else OLD
            user = forgotten.join(f"{kind}@example.org", password, roles=roles, verified=kind != "unverified")
        if kind == "disabled":
            forgotten.service.parts.flows.accounts.disable(user.id, STAFF)
        if kind == "social":
            google = {"provider": "google", "issuer": "https://accounts.google.com", "subject": "1"}
            with forgotten.service.parts.store.engine.begin() as connection:
                row = {"id": new_id(), "user_id": user.id, "email": None, "created_at": user.created_at}
                connection.execute(insert(IdentityRow).values(**row, **google))
    return forgotten


def seen(answer):
    """Everything a caller sees, without what differs from one request to the next anyway."""
    chance = r"nonce-[\w-]{22}|nonce=\"[\w-]{22}\""
    headers = [
        (name, re.sub(chance, "nonce", value))
        for name, value in answer.headers
        if name not in ("X-Request-Id", "Date")
    ]
    return answer.status_code, headers, re.sub(chance, "nonce", answer.text)


@case("RST-31", "RST-32", "RST-33", "ENU-01", "ENU-02")
def test_every_kind_of_account_and_none_get_the_same_answer_to_the_byte(everybody):
    by_api = [seen(everybody.ask(f"{kind}@example.org")) for kind in KINDS]
    assert by_api[0][0] == 202
    assert by_api == by_api[:1] * len(KINDS)
    by_page = [seen(everybody.ask_by_page(("email", f"{kind}@example.org"))) for kind in KINDS]
    assert by_page[0][0] == 200
    assert "Reset password instructions sent." in by_page[0][2]
    assert by_page == by_page[:1] * len(KINDS)
    rows = everybody.rows("outbox")
    assert len(rows) == 2 * len(KINDS)
    assert {(row.letter, row.outcome, row.user_id, str(row.context)) for row in rows[1:]} == {
        (rows[0].letter, None, None, str(rows[0].context))
    }, "the work behind the answer is the same, too"


@pytest.mark.parametrize(
    ("kind", "words", "link"),
    [
        pytest.param("reader", "lets you choose a new one", True, marks=case("RST-31")),
        pytest.param("social", "adds a password to your existing account", True, marks=case("RST-31")),
        pytest.param("unverified", "confirms that this address is yours", True, marks=case("RST-32")),
        pytest.param("disabled", "support@example.org", False, marks=case("RST-33")),
        pytest.param("staff", "support@example.org", False, marks=case("RST-33")),
    ],
)
def test_the_letter_fits_the_account(everybody, kind, words, link):
    everybody.ask(f"{kind}@example.org")
    everybody.service.deliver()
    (letter,) = everybody.mailbox.to(f"{kind}@example.org")
    text = " ".join(letter.message.get_body(("plain",)).get_content().split())
    assert words in text
    assert ("/reset-password" in letter.message.as_string()) is link
    if kind == "social":
        assert everybody.reset(everybody.token_of("social@example.org")).status_code == 200
        assert everybody.opens(NEW, "social@example.org")


@case("RST-33")
def test_a_link_mailed_before_staff_were_excluded_is_dead(make_service, database):
    before = Forgotten(make_service(database))
    before.join(roles=["staff"])
    token = before.token()
    after = Forgotten(make_service(database, reset_excluded_roles="staff"))
    assert refused_token(after.reset(token))
    assert after.opens(OLD)


@case("RST-33")
def test_staff_may_send_a_link_to_an_account_that_cannot_ask_for_one(everybody):
    accounts = everybody.service.parts.flows.accounts
    staff = next(row for row in everybody.rows("users") if row.email == "staff@example.org")
    accounts.send_reset(staff.id, STAFF)
    assert everybody.reset(everybody.token_of("staff@example.org")).status_code == 200
    assert everybody.opens(NEW, "staff@example.org")


@case("RST-34")
def test_asking_ten_times_changes_nothing_for_the_reader(forgotten):
    forgotten.join()
    browser = forgotten.sign_in(OLD)
    before = forgotten.rows("sessions"), forgotten.rows("users")[0].credential_epoch
    for _ in range(10):
        assert forgotten.ask().status_code == 202
    forgotten.service.deliver()
    assert (forgotten.rows("sessions"), forgotten.rows("users")[0].credential_epoch) == before
    assert signed_in(browser)
    assert forgotten.opens(OLD)


@case("RST-32")
def test_who_joined_with_somebody_elses_address_loses_everything_when_its_owner_resets(forgotten):
    """Pre-hijacking: a stranger knows the password and holds a sign-up that waits in its browser."""
    forgotten.join(verified=False)
    stranger = forgotten.service.client()
    stranger.post("/api/v1/signup", {"email": READER, "password": OLD, "name": "Stranger"})
    refused = stranger.post("/api/v1/login", {"email": READER, "password": OLD})
    assert refused.json["code"] == "email_unverified"
    forgotten.service.deliver()
    confirm = re.findall(r"token=([^&\s]+)", forgotten.mailbox.messages[-1].link("/signup/confirm"))[0]
    assert forgotten.reset(forgotten.token()).status_code == 200
    assert not forgotten.opens(OLD)
    assert refused_token(stranger.post("/api/v1/signup/confirm", {"token": confirm}))
    assert not signed_in(stranger)
    assert forgotten.rows("pending_signups") == []
    assert forgotten.sign_in(NEW).get("/api/v1/session").json["user"]["email_verified"] is True


@pytest.fixture
def throttled(make_service, database):
    """A service with the throttles of production behind a proxy, so that every call may have its own address."""
    return Forgotten(make_service(database, rate_limit_scale=1, trusted_proxies=1))


def from_afar(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"2001:db8:{number:x}::1"}


@case("RST-35")
def test_a_flood_in_every_spelling_gets_one_answer_and_three_letters(throttled):
    throttled.join("mike@m\u00fcnchen.example")
    spellings = cycle(
        [
            "mike@m\u00fcnchen.example",
            "MIKE@M\u00dcNCHEN.EXAMPLE",
            "Mike@xn--mnchen-3ya.example",
            " mike@mu\u0308nchen\uff0eexample ",
            "mike+1@m\u00fcnchen.example",
            "nobody@example.org",
        ]
    )
    answers = [throttled.ask(next(spellings), headers=from_afar(number)) for number in range(240)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    throttled.service.deliver()
    assert [letter.recipients for letter in throttled.mailbox.messages] == [
        ("mike@xn--mnchen-3ya.example",)
    ] * 3
    outcomes = throttled.outcomes()
    assert outcomes.count("no_account") == 6, "unknown addresses are counted as well"
    assert outcomes.count("throttled") == 240 - 9


@case("RST-35")
def test_one_client_is_told_to_wait_whatever_address_it_types(throttled):
    throttled.join()
    answers = [throttled.ask(f"a{number}@example.org", headers=from_afar(1)) for number in range(10)]
    assert {answer.status_code for answer in answers} == {202}
    for address in (READER, "a0@example.org", "new@example.org"):
        refused = throttled.ask(address, headers=from_afar(1))
        assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert throttled.ask(headers=from_afar(2)).status_code == 202


@case("RST-36")
@pytest.mark.parametrize("path", [FORGOT, "/api/v1/signup", "/api/v1/login"])
def test_every_way_to_have_a_letter_sent_has_its_own_limit(throttled, path):
    throttled.join(verified=path != "/api/v1/login")
    body = {"email": READER} if path == FORGOT else {"email": READER, "password": OLD}
    for number in range(6):
        answer = throttled.service.client().post(path, body, headers=from_afar(number))
        assert answer.status_code == (403 if path == "/api/v1/login" else 202)
    throttled.service.deliver()
    assert len(throttled.mailbox.to(READER)) == 3
    assert throttled.outcomes() == ["sent"] * 3 + ["throttled"] * 3
    other = FORGOT if path != FORGOT else "/api/v1/signup"
    throttled.service.client().post(other, {"email": READER} | ({"password": OLD} if other != FORGOT else {}))
    throttled.service.deliver()
    assert len(throttled.mailbox.to(READER)) == 4, "the limits are separate"
