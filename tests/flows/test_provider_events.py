"""What Apple and Google tell us behind the reader's back: believed when signed, counted once, acted upon."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.store.schema import AuditRow, SpentRow, UserRow
from tests.flows.at_providers import cast, connect, identities_in, me, sign_in, with_id_token
from tests.flows.lies import OWN
from tests.flows.people import (
    PASSWORD,
    code_of,
    count_of,
    is_in,
    join,
    letters_to,
    log_in,
    signed_in,
    user_row,
)
from tests.support.forged_tokens import token, with_broken_signature

STAFF = "staff@example.org"


@pytest.fixture
def service(make_service, database, google, apple):
    return make_service(database, support_url=f"mailto:{STAFF}", **google.settings, **apple.settings)


@pytest.fixture
def on_sqlite(make_service, sqlite_url, google, apple):
    return make_service(sqlite_url, **google.settings, **apple.settings)


def tell(service, provider, event, **details):
    """Let the provider post an event; the answer."""
    return send(service, provider, provider.event_token(event, **details))


def send(service, provider, event_token):
    client = service.client()
    return client.request(
        "POST",
        f"/events/{provider.name}",
        headers={"Origin": None},
        **provider.event_request(event_token),
    )


def reader_at(service, provider, number=0):
    """A reader who joined with a provider, and their browser."""
    provider.person = cast(provider, number)
    browser = service.client()
    assert sign_in(browser, provider).status_code == 303
    return browser


@pytest.fixture(params=["apple", "google"])
def provider(request):
    return request.getfixturevalue(request.param)


EVENT = {"apple": "consent-revoked", "google": "sessions-revoked"}
FORGED = {
    "another key": {"key": OWN},
    "none": {"algorithm": "none", "key": None},
    "a shared secret": {"algorithm": "HS256", "key": b"guessed"},
    "wrong issuer": {"iss": "https://attacker.example"},
    "issuer in a list": {"iss": ["https://attacker.example"]},
    "no issuer": {"drop": ["iss"]},
    "wrong audience": {"aud": "another"},
    "no audience": {"drop": ["aud"]},
    "audiences of others": {"aud": ["another", 5]},
    "no jti": {"drop": ["jti"]},
    "jti is a number": {"jti": 5},
    "empty jti": {"jti": ""},
    "jti of a kilobyte": {"jti": "x" * 1000},
    "no time": {"drop": ["iat"]},
    "a month old": {"iat": int(time.time()) - 30 * 86400},
    "of tomorrow": {"iat": int(time.time()) + 86400},
    "no events": {"drop": ["events"]},
    "events are a number": {"events": 5},
    "too many events": {"events": {f"e{n}": {} for n in range(100)}},
    "crit": {"header": {"crit": ["x"]}},
}


@pytest.mark.case("OAC-40")
def test_a_forged_message_changes_nothing(on_sqlite, provider):
    browser = reader_at(on_sqlite, provider)
    for about, forgery in FORGED.items():
        answer = tell(on_sqlite, provider, EVENT[provider.name], **forgery)
        assert (answer.status_code, code_of(answer)) == (400, "invalid_notification"), about
        assert answer.mimetype == "application/problem+json"
    broken = with_broken_signature(provider.event_token(EVENT[provider.name]))
    assert send(on_sqlite, provider, broken).status_code == 400
    assert send(on_sqlite, provider, provider.id_token()).status_code == 400
    assert is_in(browser)
    assert len(identities_in(on_sqlite)) == 1
    assert count_of(on_sqlite, SpentRow) == 0


@pytest.mark.case("OAC-40")
def test_a_message_of_one_provider_means_nothing_from_another(on_sqlite, google, apple):
    browser = reader_at(on_sqlite, google)
    told = google.event_token("sessions-revoked")
    posted = on_sqlite.client().post("/events/apple", {"payload": told})
    assert (posted.status_code, is_in(browser)) == (400, True)


@pytest.mark.case("OAC-48", "OAC-40")
def test_a_message_is_no_id_token(on_sqlite, provider):
    answer = with_id_token(on_sqlite.client(), provider, provider.event_token(EVENT[provider.name]))
    assert answer.status_code == 401


BODIES = [
    b"",
    b"{}",
    b"[]",
    b"5",
    b"null",
    b'{"payload": null}',
    b'{"payload": []}',
    b'{"payload": "\\ud800"}',
    b'{"payload": "a.b.c"}',
    b'{"payload": "a.b.c", "payload": "d"}',
    b"\xff\xfe\x00",
    b"\0" * 100,
    b"[" * 60_000,
    b"1" * 60_000,
    b"a.b.c",
    "é".encode() * 1000,
]


@pytest.mark.case("OAC-40")
def test_odd_bodies_are_refused(on_sqlite, provider):
    for kind in [
        "application/json",
        "application/secevent+jwt",
        "text/plain",
        "multipart/form-data; boundary=x",
        None,
    ]:
        for body in BODIES:
            answer = on_sqlite.client().post(f"/events/{provider.name}", data=body, content_type=kind)
            assert (answer.status_code, code_of(answer)) == (400, "invalid_notification")


def test_too_much_is_refused(on_sqlite, provider):
    answer = on_sqlite.client().post(f"/events/{provider.name}", data=b"x" * 70_000)
    assert (answer.status_code, code_of(answer)) == (413, "payload_too_large")


def test_nobody_but_the_configured_providers_can_tell_us_anything(make_service, sqlite_url, google, apple):
    service = make_service(sqlite_url, **google.settings)
    assert tell(service, apple, "consent-revoked").status_code == 404
    assert service.client().post("/events/plain", data=b"x").status_code == 404
    assert service.client().get("/events/google").status_code == 405


ODD_EVENTS = [
    "[]",
    "{}",
    "no JSON",
    "[" * 6000,
    [5],
    {"type": "consent-revoked"},
    {"type": "consent-revoked", "sub": 5},
    {"type": ["consent-revoked"], "sub": "x"},
    {"type": "consent-revoked", "sub": "x\0"},
    {"type": "consent-revoked", "sub": "\ud800"},
    {"type": "consent-revoked", "sub": "x" * 5000},
    {"type": "unheard-of", "sub": "x"},
    {"https://schemas.openid.net/secevent/risc/event-type/account-disabled": ["hijacking"]},
    {"https://schemas.openid.net/secevent/risc/event-type/account-disabled": "hijacking"},
    {"https://schemas.openid.net/secevent/risc/event-type/sessions-revoked": {"subject": {"sub": "x\0"}}},
    {"https://schemas.openid.net/secevent/risc/event-type/sessions-revoked": {"subject": ["x"]}},
    {"\ud800": {}},
]


@pytest.mark.case("OAC-40")
def test_odd_events_of_the_provider_itself_are_no_trouble(service, provider):
    for events in ODD_EVENTS:
        assert tell(service, provider, EVENT[provider.name], events=events).status_code in (202, 400)


@pytest.mark.case("OAC-40")
@pytest.mark.parametrize("events_as", ["string", "object", "array"])
def test_a_consent_taken_back_ends_sessions_and_the_link(service, apple, events_as):
    apple.person = cast(apple, 0)
    join(service, apple.person.email)
    browser = service.client()
    sign_in(browser, apple)
    elsewhere = signed_in(service, apple.person.email)
    told = apple.event_token("consent-revoked", events_as=events_as)
    assert [send(service, apple, told).status_code for _ in range(3)] == [202] * 3
    assert (is_in(browser), is_in(elsewhere)) == (False, False)
    assert identities_in(service) == []
    assert count_of(service, AuditRow, AuditRow.kind == "provider.consent_revoked") == 1
    assert any(
        "was disconnected" in one.message["Subject"] for one in letters_to(service, apple.person.email)
    )
    assert log_in(service.client(), apple.person.email, PASSWORD).status_code == 200


@pytest.mark.case("OAC-40")
def test_who_took_their_consent_back_may_give_it_again(service, apple):
    browser = reader_at(service, apple, 1)
    account = me(browser)["id"]
    tell(service, apple, "consent-revoked")
    assert not is_in(browser)
    again = service.client()
    assert sign_in(again, apple).status_code == 303
    assert me(again)["id"] == account


@pytest.mark.case("OAC-40")
@pytest.mark.parametrize("event", ["account-delete", "account-deleted"])
def test_an_account_nobody_can_open_any_more_is_closed_and_staff_hear_of_it(service, apple, event):
    browser = reader_at(service, apple)
    told = apple.event_token(event)
    assert [send(service, apple, told).status_code for _ in range(2)] == [202, 202]
    assert not is_in(browser)
    user = user_row(service, apple.person.email)
    assert user["disabled_at"] is not None
    (letter,) = letters_to(service, STAFF)
    assert "closed by its provider" in letter.message["Subject"]
    assert str(user["id"]) in letter.raw.decode()


@pytest.mark.case("OAC-40")
def test_an_account_with_another_way_in_stays_open(service, apple):
    apple.person = cast(apple, 0)
    join(service, apple.person.email)
    sign_in(service.client(), apple)
    tell(service, apple, "account-delete")
    assert identities_in(service) == []
    assert log_in(service.client(), apple.person.email, PASSWORD).status_code == 200
    assert letters_to(service, STAFF) == []


@pytest.mark.case("OAC-40")
def test_messages_at_once_count_once(service, apple):
    apple.person = cast(apple, 0)
    join(service, apple.person.email)
    sign_in(service.client(), apple)
    told = apple.event_token("consent-revoked")
    with ThreadPoolExecutor(4) as pool:
        assert [one.status_code for one in pool.map(lambda _: send(service, apple, told), range(4))] == [
            202
        ] * 4
    assert count_of(service, AuditRow, AuditRow.kind == "provider.consent_revoked") == 1


@pytest.mark.case("OAC-40")
@pytest.mark.parametrize("event", ["email-disabled", "email-enabled", "something-new"])
def test_what_concerns_the_mailbox_alone_ends_nothing(on_sqlite, apple, event):
    browser = reader_at(on_sqlite, apple, 1)
    assert tell(on_sqlite, apple, event).status_code == 202
    assert is_in(browser)
    assert len(identities_in(on_sqlite)) == 1


# Google's security events


@pytest.mark.case("OAC-40")
@pytest.mark.parametrize(
    ("event", "details"),
    [("sessions-revoked", {}), ("tokens-revoked", {}), ("account-disabled", {"reason": "bulk-account"})],
)
def test_googles_word_ends_the_sessions_and_nothing_more(service, google, event, details):
    browser = reader_at(service, google)
    assert tell(service, google, event, details=details).status_code == 202
    assert not is_in(browser)
    assert sign_in(service.client(), google).status_code == 303


def test_a_trial_message_is_taken_and_changes_nothing(on_sqlite, google):
    browser = reader_at(on_sqlite, google)
    assert tell(on_sqlite, google, "verification", details={"state": "trial"}).status_code == 202
    assert is_in(browser)


@pytest.fixture
def hijacked(service, google):
    """A Gmail account in wrong hands; its reader has a password here as well."""
    google.person = cast(google, 0)
    join(service, google.person.email)
    browser = service.client()
    sign_in(browser, google)
    service.deliver()
    service.mailbox.clear()
    assert tell(service, google, "account-disabled", details={"reason": "hijacking"}).status_code == 202
    assert not is_in(browser)
    return service


def test_a_hijacked_identity_opens_nothing_until_the_reader_proves_another_way(hijacked, google):
    thief = hijacked.client()
    refused = sign_in(thief, google)
    assert (refused.status_code, me(thief)) == (403, None)
    assert code_of(with_id_token(thief, google)) == "identity_blocked"
    assert log_in(hijacked.client(), google.person.email).status_code == 200
    assert sign_in(hijacked.client(), google).status_code == 303


def test_a_hijacked_mailbox_gets_no_reset_link(hijacked, google):
    hijacked.client().form("/forgot-password", email=google.person.email.upper())
    assert letters_to(hijacked, google.person.email) == []


def test_a_mailbox_told_in_other_letters_is_still_the_hijacked_one(service, google):
    google.person = cast(google, 0, email="Ada.Reader@GMAIL.com")
    join(service, "ada.reader@gmail.com")
    sign_in(service.client(), google)
    service.deliver()
    service.mailbox.clear()
    tell(service, google, "account-disabled", details={"reason": "hijacking"})
    service.client().form("/forgot-password", email="ada.reader@gmail.com")
    assert letters_to(service, "ada.reader@gmail.com") == []


def test_a_hijacked_mailbox_proves_nothing(make_service, database, google, issuer):
    service = make_service(database, **google.settings, **issuer.settings)
    google.person = cast(google, 0)
    join(service, google.person.email)
    sign_in(service.client(), google)
    thief = service.client()
    issuer.person = cast(issuer, 1, email=google.person.email)
    sign_in(thief, issuer)
    path = "/login/connect/confirm"
    letters = letters_to(service, google.person.email)
    before = next(one.link(path) for one in letters if path in one.raw.decode())
    service.mailbox.clear()
    tell(service, google, "account-disabled", details={"reason": "hijacking"})
    thief.get(before)
    thief.form(path)
    assert me(thief) is None
    sign_in(thief, issuer)
    assert letters_to(service, google.person.email) == []
    assert [one[0] for one in identities_in(service)] == ["google"]


def test_a_recovered_identity_opens_again(hijacked, google):
    assert tell(hijacked, google, "account-enabled").status_code == 202
    assert sign_in(hijacked.client(), google).status_code == 303


def test_a_message_about_nobody_here_is_taken(on_sqlite, provider):
    assert tell(on_sqlite, provider, EVENT[provider.name]).status_code == 202
    assert count_of(on_sqlite, UserRow) == 0


def test_keys_that_cannot_be_had_are_the_providers_to_try_again(on_sqlite, google):
    told = google.event_token("sessions-revoked")
    google.fault("jwks", status=500)
    answer = send(on_sqlite, google, told)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def test_claims_that_are_no_object_are_refused(on_sqlite, google):
    key = google.issuer.key_for(google.issuer.header())
    for claims in (b"[]", b"5", b"\xff", json.dumps("x").encode()):
        assert send(on_sqlite, google, token(google.issuer.header(), claims, key)).status_code == 400


def test_a_disconnected_grant_is_connected_anew(on_sqlite, apple):
    apple.person = cast(apple, 0, email="other@icloud.com")
    join(on_sqlite)
    browser = signed_in(on_sqlite)
    connect(browser, apple)
    tell(on_sqlite, apple, "consent-revoked")
    browser = signed_in(on_sqlite)
    assert connect(browser, apple).status_code == 303
    assert me(browser)["providers"] == ["apple"]
