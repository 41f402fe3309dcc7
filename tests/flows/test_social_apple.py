"""Apple's own ways: a form from another site, a name that comes once, addresses that may be missing, signed secrets."""

import json
from dataclasses import replace

import pytest

from service.store.schema_mail import OutboxTable
from tests.flows.at_providers import COOKIE, altered, bring, cast, leave, me, sign_in
from tests.flows.people import count_of, everything_stored, join, log_in


@pytest.fixture
def service(make_service, database, apple):
    return make_service(database, **apple.settings)


@pytest.mark.case("OAC-35")
def test_the_form_works_without_any_cookie_and_its_secrets_stay_out_of_addresses(service, apple):
    browser, cookieless = service.client(), service.client()
    answer = apple.answer(leave(browser, apple))
    parked = cookieless.request("POST", answer.path, data=answer.form, headers={"Origin": apple.url})
    assert parked.status_code == 303
    assert parked.headers.getlist("Set-Cookie") == []
    assert not [value for value in answer.form.values() if value in parked.headers["Location"]]
    kept = everything_stored(service)
    assert not [value for value in answer.form.values() if value in kept]
    assert browser.follow(parked).headers["Location"] == "/account"
    assert browser.follow(parked).status_code == 400
    assert browser.inner.get_cookie(COOKIE) is None


@pytest.mark.case("OAC-36")
@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"name": {"firstName": "Eve", "lastName": "Il"}, "email": "victim@icloud.com"}, "Eve Il"),
        ({"name": {"firstName": "x" * 300}, "email": ["a"]}, "x" * 100),
        ({"name": {"firstName": "\u202e"}}, None),
        ({"name": {"firstName": {"a": 1}}}, "{'a': 1}"),
        ({"name": ["Eve"]}, None),
        ({"name": "Eve"}, None),
        ([], None),
        ("x" * 4000, None),
    ],
    ids=range(8),
)
def test_only_a_name_is_taken_from_the_unsigned_form(make_service, sqlite_url, apple, user, name):
    service = make_service(sqlite_url, **apple.settings)
    join(service, "victim@icloud.com")
    browser = service.client()
    answer = altered(apple.answer(leave(browser, apple)), user=json.dumps(user))
    assert bring(browser, answer).status_code == 303
    assert (me(browser)["email"], me(browser)["name"]) == (apple.person.email, name)
    assert "<b>" not in browser.get("/account").text


@pytest.mark.case("OAC-37")
def test_a_name_that_comes_again_or_never_changes_nothing(service, apple):
    first = service.client()
    sign_in(first, apple)
    for user in (None, json.dumps({"name": {"firstName": "Other"}})):
        browser = service.client()
        bring(browser, altered(apple.answer(leave(browser, apple)), user=user))
        assert me(browser) == me(first)


@pytest.mark.case("OAC-37")
def test_an_address_that_is_missing_later_or_always_is_no_trouble(service, apple):
    first, second = service.client(), service.client()
    sign_in(first, apple)
    apple.person = replace(apple.person, email=None)
    sign_in(second, apple)
    assert me(second) == me(first)
    apple.person = cast(apple, 2)
    third = service.client()
    sign_in(third, apple)
    assert me(third)["email"] is None


@pytest.mark.case("OAC-39")
def test_a_client_secret_apple_refuses_stops_apple_alone(service, apple, caplog):
    join(service)
    apple.fault("token", status=400, body='{"error": "invalid_client"}')
    assert sign_in(service.client(), apple).status_code == 503
    (alert,) = [one for one in caplog.records if getattr(one, "event", "") == "provider.refused"]
    assert (alert.levelname, alert.code) == ("ERROR", "invalid_client")
    assert log_in(service.client()).status_code == 200


def test_a_disconnected_grant_is_taken_back_when_apple_is_well_again(clock, make_service, database, apple):
    service = make_service(database, **apple.settings)
    tokens = []
    apple.mutate(token_response=lambda told: tokens.append(told["refresh_token"]))
    browser = service.client()
    sign_in(browser, apple)
    assert tokens[0] not in everything_stored(service)
    browser.post("/api/v1/password/change", {"new_password": "quiet harbour at noon"})
    apple.fault("revoke", status=503)
    assert browser.delete("/api/v1/me/identities/apple").status_code == 204
    assert tokens[0] not in everything_stored(service)
    service.deliver()
    assert apple.revoked == []
    apple.heal()
    clock.advance(hours=1)
    service.deliver()
    assert apple.revoked == tokens
    assert count_of(service, OutboxTable, OutboxTable.settled_at.is_(None)) == 0
