"""What readers say about themselves, and the copy of everything that is held on them."""

import json

import pytest

from service.core.wording import NEWSLETTER_CONSENT
from service.store.schema import AuditRow, Table
from tests.flows.people import ADDRESS, PASSWORD, code_of, count_of, join, problems_of, signed_in, user_row

ME = "/api/v1/me"
# What is not one reader's: it waits for a proof, is away at a provider, or is a bare hash.
NOBODYS = {
    "guesses",
    "pending_signups",
    "pending_identities",
    "provider_attempts",
    "spent_tokens",
    "oauth_clients",
    "oauth_keys",
    "webhooks",
}
KINDS = {
    "users": "account",
    "identities": "identities",
    "sessions": "sessions",
    "devices": "devices",
    "second_steps": "second_steps",
    "authenticator_apps": "authenticator_apps",
    "recovery_codes": "recovery_codes",
    "passkeys": "passkeys",
    "passkey_ceremonies": "passkey_ceremonies",
    "email_undos": "earlier_addresses",
    "oauth_consents": "consents",
    "oauth_grants": "grants",
    "oauth_refresh_tokens": "refresh_tokens",
    "oauth_access_tokens": "access_tokens",
    "idempotent_answers": "answers",
    "outbox": "letters",
    "mail_events": "news_of_letters",
    "webhook_events": "told_to_services",
    "suppressions": "suppressions",
    "audit_events": "events",
}


@pytest.fixture
def browser(service):
    join(service, name="Ada")
    return signed_in(service)


def test_a_reader_sees_the_account(browser):
    assert browser.get(ME).json["user"] == browser.get("/api/v1/session").json["user"]


def test_what_is_left_out_stays(browser):
    assert browser.patch(ME, {"locale": "de-AT"}).json["user"]["locale"] == "de-AT"
    answer = browser.patch(ME, {"name": " Grace Hopper "})
    assert (answer.json["user"]["name"], answer.json["user"]["locale"]) == ("Grace Hopper", "de-AT")
    assert browser.patch(ME, {"name": None}).json["user"]["name"] is None
    assert browser.patch(ME, {}).json["user"]["locale"] == "de-AT"


def test_a_consent_is_kept_with_its_proof_and_goes_when_it_is_taken_back(service, browser):
    assert browser.patch(ME, {"newsletter": True}).status_code == 200
    consent = user_row(service)["newsletter"]
    assert (consent.ip, consent.wording) == ("127.0.0.1", NEWSLETTER_CONSENT)
    browser.patch(ME, {"newsletter": True, "name": "Grace"})
    assert user_row(service)["newsletter"] == consent
    browser.patch(ME, {"newsletter": False})
    assert user_row(service)["newsletter"] is None
    for kind in ("newsletter.subscribed", "newsletter.unsubscribed", "user.updated"):
        assert count_of(service, AuditRow, AuditRow.kind == kind) == 1


def test_the_consent_is_kept_in_the_words_the_reader_saw(make_service, sqlite_url):
    service = make_service(sqlite_url)
    join(service)
    browser = signed_in(service)
    answer = browser.request("PATCH", ME, json={"newsletter": True}, headers={"Accept-Language": "de"})
    assert answer.status_code == 200
    assert user_row(service)["newsletter"].wording == (
        "Ja, schicken Sie mir den Newsletter. Ich kann ihn jederzeit abbestellen."
    )


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"name": "x" * 101}, {"name": "name_too_long"}),
        ({"name": "Ada\u202e"}, {"name": "invalid_text"}),
        ({"locale": "klingon!"}, {"locale": "invalid_locale"}),
        ({"newsletter": None}, {"newsletter": "invalid_type"}),
        ({"newsletter": "yes"}, {"newsletter": "invalid_type"}),
    ],
)
def test_what_cannot_be_is_refused(browser, body, problems):
    assert problems_of(browser.patch(ME, body)) == problems


@pytest.mark.case("SGN-05")
@pytest.mark.parametrize(
    "field", ["email", "roles", "email_verified", "id", "created_at", "password", "is_admin", "erases_at"]
)
def test_nothing_else_about_an_account_can_be_set(service, browser, field):
    before = user_row(service)
    assert problems_of(browser.patch(ME, {"name": "Mallory", field: "x"})) == {field: "unknown_field"}
    assert user_row(service) == before


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/export")])
def test_only_signed_in_readers_have_an_account(service, method, path):
    body = {} if method in ("PATCH", "DELETE") else None
    answer = service.client().request(method, ME + path, json=body)
    assert (answer.status_code, code_of(answer)) == (401, "unauthenticated")


def test_the_export_holds_everything_and_opens_nothing(service, browser):
    join(service, "other@example.org", name="Grace")
    browser.patch(ME, {"newsletter": True})
    browser.post("/api/v1/email/change", {"email": "new@example.org", "current_password": PASSWORD})
    service.deliver()
    answer = browser.get(f"{ME}/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-account.json"'
    held = answer.json
    assert held["account"]["email"] == ADDRESS
    assert held["newsletter"]["wording"] == NEWSLETTER_CONSENT
    assert [session["ip"] for session in held["sessions"]] == ["127.0.0.1"]
    assert [letter["letter"] for letter in held["letters"]] == ["email_change"]
    assert {"user.created", "session.created", "newsletter.subscribed"} <= {e["kind"] for e in held["events"]}
    text = json.dumps(held)
    for secret in ("hash", "secret", "argon2", "epoch", "other@example.org", "Grace"):
        assert secret not in text, secret


def test_every_table_is_in_the_export_or_known_to_hold_no_reader(browser):
    assert set(Table.metadata.tables) == set(KINDS) | NOBODYS
    assert set(KINDS.values()) | {"newsletter"} == set(browser.get(f"{ME}/export").json)


def test_the_page_saves_name_and_newsletter(service, browser):
    page = browser.get("/account")
    assert 'value="Ada"' in page.text
    done = browser.form("/account", name="Grace", newsletter="yes")
    assert (done.status_code, done.headers["Location"]) == (303, "/account")
    assert "Saved." in browser.follow(done).text
    assert user_row(service)["name"] == "Grace"
    assert user_row(service)["newsletter"] is not None
    browser.form("/account", name="")
    assert user_row(service)["name"] is None
    assert user_row(service)["newsletter"] is None
    refused = browser.form("/account", name="x" * 101)
    assert (refused.status_code, "Use at most 100 characters." in refused.text) == (422, True)
