"""Turning the second factor on and off, and keeping recovery codes: what is asked, what ends, who is told."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from service.core.errors import Unauthenticated
from service.core.values import digest
from service.flows.reauthentication import Again
from service.store.schema import SessionRow
from service.store.schema_second_factors import AuthenticatorAppRow, RecoveryCodeRow
from service.store.schema_webhooks import WebhookEventRow
from tests.flows.at_providers import sign_in
from tests.flows.factors import (
    CODES_PATH,
    TOTP_PATH,
    WITH_PASSWORD,
    App,
    events,
    guarded,
    new_password,
    offered,
    passkey_for,
    show,
    told_of,
    turned_on,
    waiting,
)
from tests.flows.movers import moved, undo, undo_token
from tests.flows.people import (
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    code_of,
    count_of,
    everything_stored,
    is_in,
    join,
    letters_to,
    log_in,
    secret_of,
    signed_in,
    thief_of,
    token_in,
    user_row,
)
from tests.flows.together import at_once

CONFIRM = f"{TOTP_PATH}/confirm"
NOT_ME = "/account/not-me"


def left(browser):
    return browser.get(CODES_PATH).json["remaining"]


def enabled(browser):
    return browser.get(TOTP_PATH).json["enabled"]


def freshly_in(service, app):
    """A browser that has just signed in with both factors."""
    browser, token = waiting(service)
    assert show(browser, token, app.next_code()).status_code == 200
    return browser


def not_me(service):
    """Press the button in the newest letter about a new device."""
    letters = [letter for letter in letters_to(service) if "A new device" in letter.message["Subject"]]
    browser = service.client(known=False)
    browser.follow(browser.get(f"{NOT_ME}?token={token_in(letters[-1], NOT_ME)}"))
    assert browser.form(NOT_ME).status_code == 303


@pytest.mark.case("MFA-07", "SES-05", "SES-01")
def test_an_app_counts_once_it_has_shown_a_code(clock, service):
    join(service)
    browser, elsewhere = signed_in(service), signed_in(service)
    app = offered(browser, clock)
    assert (enabled(browser), left(browser)) == (False, 0)
    assert log_in(service.client()).status_code == 200
    wrong = browser.post(CONFIRM, {"code": App("A" * 32, clock).code()})
    assert code_of(wrong) == "invalid_code"
    assert not enabled(browser)
    thief = thief_of(service, browser)
    answer = browser.post(CONFIRM, {"code": app.code()})
    assert (answer.status_code, len(answer.json["recovery_codes"])) == (200, 10)
    assert (enabled(browser), left(browser)) == (True, 10)
    assert [is_in(one) for one in (browser, elsewhere, thief)] == [True, False, False]
    assert told_of(service) == ["app_added"]
    assert events(service, "mfa.", "passkey.") == ["mfa.enabled"]


@pytest.mark.case("MFA-07", "SEC-05")
def test_the_secret_is_told_once_and_kept_locked(clock, service):
    join(service, name="Ada")
    browser = signed_in(service)
    told = browser.post(TOTP_PATH, WITH_PASSWORD)
    secret, uri = told.json["secret"], urlsplit(told.json["uri"])
    assert re.fullmatch("[A-Z2-7]{32}", secret)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["secret"] == [secret]
    assert told.headers["Cache-Control"] == "no-store"
    codes = browser.post(CONFIRM, {"code": App(secret, clock).code()}).json["recovery_codes"]
    answers = [browser.get(path) for path in (TOTP_PATH, CODES_PATH, "/api/v1/me", "/api/v1/me/export")]
    everything = everything_stored(service) + "".join(answer.text for answer in answers)
    for hidden in (secret, *codes, *(code.replace("-", "") for code in codes)):
        assert hidden not in everything
    again = browser.post(TOTP_PATH, {"code": codes[0]})
    assert (again.status_code, code_of(again)) == (409, "already_enabled")
    assert secret not in again.text


@pytest.mark.case("MFA-07")
def test_an_offer_is_over_after_half_an_hour_and_a_newer_one_replaces_it(clock, service):
    join(service)
    browser = signed_in(service)
    first = offered(browser, clock)
    second = offered(browser, clock)
    assert code_of(browser.post(CONFIRM, {"code": first.code()})) == "invalid_code"
    clock.advance(minutes=30, seconds=1)
    assert code_of(browser.post(CONFIRM, {"code": second.code()})) == "expired_token"
    third = offered(browser, clock)
    clock.advance(minutes=29)
    assert browser.post(CONFIRM, {"code": third.code()}).status_code == 200
    assert code_of(browser.post(CONFIRM, {"code": third.next_code()})) == "already_enabled"


def test_nothing_is_confirmed_without_an_offer(clock, service):
    join(service)
    join(service, "reader2@example.org")
    app = offered(signed_in(service), clock)
    other = signed_in(service, "reader2@example.org")
    assert code_of(other.post(CONFIRM, {"code": app.code()})) == "expired_token"
    assert service.client().post(CONFIRM, {"code": app.code()}).status_code == 401


@pytest.mark.case("MFA-01", "MFA-02")
@pytest.mark.parametrize(
    "spelling", ["{0}", "{0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}", " {0}\t", "full-width", "arabic"]
)
def test_a_code_works_once_however_it_is_spelled(clock, service, spelling):
    _, app, _ = guarded(service, clock)
    code = app.next_code()
    zero = {"full-width": 0xFF10, "arabic": 0x0660}.get(spelling)
    spelled = "".join(chr(zero + int(digit)) for digit in code) if zero else spelling.format(code)
    browser, token = waiting(service)
    assert show(browser, token, spelled).status_code == 200
    for attempt in (code, spelled, f"{code[:3]}-{code[3:]}"):
        assert code_of(show(*waiting(service), attempt)) == "invalid_code"
    clock.advance(seconds=30)
    assert code_of(show(*waiting(service), code)) == "invalid_code"
    assert code_of(show(*waiting(service), spelled)) == "invalid_code"


@pytest.mark.case("MFA-01")
def test_the_code_that_turned_it_on_and_older_ones_open_nothing(clock, service):
    join(service)
    browser = signed_in(service)
    app = offered(browser, clock)
    early = app.code(ahead=1)
    assert browser.post(CONFIRM, {"code": early}).status_code == 200
    for code in (early, app.code(), app.code(ahead=-1)):
        assert code_of(show(*waiting(service), code)) == "invalid_code"
    clock.advance(seconds=60)
    assert show(*waiting(service), app.code()).status_code == 200


@pytest.mark.case("MFA-13")
def test_a_code_is_good_one_step_early_and_late_by_the_server_s_clock(clock, service):
    _, app, _ = guarded(service, clock)
    clock.advance(minutes=5)
    for off in (-3, 3):
        answer = show(*waiting(service), app.code(ahead=off))
        assert code_of(answer) == "invalid_code"
    for off in (-1, 0, 1):
        clock.advance(seconds=(30 - clock().timestamp() % 30) + 1)
        assert show(*waiting(service), app.code(ahead=off)).status_code == 200
        clock.advance(minutes=2)


@pytest.mark.case("MFA-05")
def test_a_recovery_code_works_once_and_its_use_is_told(clock, service):
    _, _, codes = guarded(service, clock)
    browser, token = waiting(service)
    assert show(browser, token, f" {codes[0].upper().replace('-', ' ')} ", "recovery_code").status_code == 200
    assert left(browser) == 9
    for spelling in (codes[0], codes[0].upper(), codes[0].replace("-", "")):
        assert code_of(show(*waiting(service), spelling, "recovery_code")) == "invalid_code"
    assert told_of(service) == ["app_added", "code_used"]
    assert events(service, "mfa.") == ["mfa.enabled", "mfa.code_used", *["mfa.failed"] * 3]


@pytest.mark.case("MFA-05", "MFA-06")
def test_new_recovery_codes_replace_the_old_ones_and_are_told_of(clock, service):
    browser, app, codes = guarded(service, clock)
    answer = browser.post(CODES_PATH, {"code": app.next_code()})
    assert (answer.status_code, left(browser)) == (201, 10)
    fresh = answer.json["recovery_codes"]
    assert len({*codes, *fresh}) == 20
    assert code_of(show(*waiting(service), codes[0], "recovery_code")) == "invalid_code"
    assert show(*waiting(service), fresh[0], "recovery_code").status_code == 200
    assert told_of(service)[:2] == ["app_added", "codes_renewed"]
    assert browser.delete(CODES_PATH, {"code": fresh[1]}).status_code == 204
    assert (left(browser), told_of(service)[-1]) == (0, "codes_removed")
    assert code_of(show(*waiting(service), fresh[2], "recovery_code")) == "invalid_code"
    assert enabled(browser)
    assert events(service, "mfa.codes") == ["mfa.codes_renewed", "mfa.codes_removed"]


@pytest.mark.case("MFA-05")
def test_two_renewals_at_once_leave_one_set(clock, service):
    owner, app, _ = guarded(service, clock)
    browsers = [freshly_in(service, app) for _ in range(4)]
    answers = at_once(lambda browser: browser.post(CODES_PATH, {}), *([browser] for browser in browsers))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert left(owner) == count_of(service, RecoveryCodeRow) == 10


@pytest.mark.case("MFA-03", "MFA-07")
def test_of_many_confirmations_at_once_one_turns_it_on(clock, service):
    join(service)
    browser = signed_in(service)
    app = offered(browser, clock)
    thieves = [thief_of(service, browser) for _ in range(6)]
    answers = at_once(lambda thief: thief.post(CONFIRM, {"code": app.code()}), *([one] for one in thieves))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 5
    assert count_of(service, RecoveryCodeRow) == 10
    assert events(service, "mfa.enabled") == ["mfa.enabled"]
    assert count_of(service, SessionRow) == 1


CHANGES = [
    ("DELETE", TOTP_PATH),
    ("POST", TOTP_PATH),
    ("POST", CODES_PATH),
    ("DELETE", CODES_PATH),
    ("POST", "/api/v1/me/passkey-options"),
]


@pytest.mark.case("MFA-06")
@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_change_asks_for_a_code_and_the_password_is_not_enough(clock, service, method, path):
    browser, app, _codes = guarded(service, clock)
    expected = 409 if (method, path) == ("POST", TOTP_PATH) else None

    def ask(**again):
        return browser.request(method, path, json=again)

    for again in ({}, WITH_PASSWORD, WITH_PASSWORD | {"code": ""}, {"code": None}):
        answer = ask(**again)
        assert (answer.status_code, code_of(answer)) == (401, "reauthentication_required")
    assert code_of(ask(current_password=PASSWORD, code="aaaa-bbbb-cccc-dddd")) == "invalid_code"
    assert code_of(ask(code="123")) == "invalid_code"
    assert (enabled(browser), left(browser)) == (True, 10)
    answer = ask(code=app.next_code())
    assert answer.status_code == (expected or answer.status_code)
    assert answer.status_code in (200, 201, 204, 409)


@pytest.mark.case("MFA-06")
@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_fresh_sign_in_with_both_factors_is_enough_for_a_quarter_of_an_hour(clock, service, method, path):
    _, app, _ = guarded(service, clock)
    browser = freshly_in(service, app)
    clock.advance(minutes=15, seconds=1)
    assert code_of(browser.request(method, path, json={})) == "reauthentication_required"
    browser = freshly_in(service, app)
    clock.advance(minutes=14)
    assert browser.request(method, path, json={}).status_code in (200, 201, 204, 409)


@pytest.mark.case("MFA-06")
def test_a_fresh_session_of_one_factor_is_not_enough(clock, service):
    owner, app, _ = guarded(service, clock)
    assert owner.get("/api/v1/session").json["session"]["amr"] == ["pwd"]
    assert code_of(owner.delete(TOTP_PATH, {})) == "reauthentication_required"
    assert owner.delete(TOTP_PATH, {"code": app.next_code()}).status_code == 204


@pytest.mark.case("MFA-06", "MFA-07")
def test_without_a_second_factor_the_password_is_shown_before_anything_is_set_up(clock, service):
    join(service)
    browser = signed_in(service)
    for path in (TOTP_PATH, "/api/v1/me/passkey-options"):
        assert code_of(browser.post(path, {})) == "invalid_credentials"
        assert code_of(browser.post(path, {"current_password": OTHER_PASSWORD})) == "invalid_credentials"
        assert code_of(browser.post(path, {"code": "123456"})) == "invalid_credentials"
    assert count_of(service, AuthenticatorAppRow) == 0


@pytest.mark.case("MFA-06")
def test_without_a_password_a_fresh_sign_in_is_shown(clock, make_service, database, google):
    service = make_service(database, **google.settings)
    browser = service.client()
    sign_in(browser, google)
    clock.advance(minutes=15, seconds=1)
    assert code_of(browser.post(TOTP_PATH, {})) == "reauthentication_required"
    sign_in(browser, google)
    app, _ = turned_on(browser, clock)
    assert code_of(browser.delete(TOTP_PATH, {})) == "reauthentication_required"
    assert browser.delete(TOTP_PATH, {"code": app.next_code()}).status_code == 204


@pytest.mark.case("MFA-06", "SES-05", "SES-01")
def test_turning_it_off_ends_every_other_session_and_is_told(clock, service):
    browser, app, _codes = guarded(service, clock)
    elsewhere = freshly_in(service, app)
    thief, before = thief_of(service, browser), secret_of(browser)
    assert browser.delete(TOTP_PATH, {"code": app.next_code()}).status_code == 204
    assert secret_of(browser) != before
    assert [is_in(one) for one in (browser, elsewhere, thief)] == [True, False, False]
    assert (enabled(browser), left(browser)) == (False, 0)
    assert count_of(service, AuthenticatorAppRow) == count_of(service, RecoveryCodeRow) == 0
    assert log_in(service.client()).status_code == 200
    assert told_of(service) == ["app_added", "app_removed"]
    assert events(service, "mfa.") == ["mfa.enabled", "mfa.disabled"]
    for path in (TOTP_PATH, CODES_PATH):
        answer = browser.request("DELETE" if path == TOTP_PATH else "POST", path, json=WITH_PASSWORD)
        assert (answer.status_code, code_of(answer)) == (404, "not_found")
    assert turned_on(browser, clock)


@pytest.mark.case("MFA-06")
def test_of_two_who_turn_it_off_at_once_one_does(clock, service):
    owner, _, codes = guarded(service, clock)
    thieves = [(thief_of(service, owner), code) for code in codes[:4]]
    answers = at_once(lambda thief, code: thief.delete(TOTP_PATH, {"code": code}), *thieves)
    assert sorted(answer.status_code for answer in answers) == [204] + [401] * 3
    assert events(service, "mfa.disabled") == ["mfa.disabled"]
    assert count_of(service, SessionRow) == 1


@pytest.mark.case("SES-05")
@pytest.mark.parametrize("change", ["confirm", "renew_codes", "remove_codes", "remove", "offer"])
def test_a_session_that_ended_meanwhile_changes_nothing(clock, service, change):
    join(service)
    owner, thief = signed_in(service), signed_in(service)
    app = None
    if change == "confirm":
        app = offered(thief, clock)
    elif change != "offer":
        app, _ = turned_on(owner, clock)
        thief = freshly_in(service, app)
    flows = service.parts.flows
    here = flows.sessions.resolve(secret_of(thief), STAFF)
    assert owner.delete("/api/v1/sessions").status_code == 204
    before = everything_about_factors(service)
    steps = {
        "confirm": lambda: flows.second_factor.confirm(here, app.code(), STAFF),
        "offer": lambda: flows.second_factor.offer(here, Again(PASSWORD), STAFF),
    }
    with pytest.raises(Unauthenticated):
        steps.get(change, lambda: getattr(flows.second_factor, change)(here, Again(), STAFF))()
    assert everything_about_factors(service) == before
    assert is_in(owner)


def everything_about_factors(service):
    """How much an account has to show, and what was told of it."""
    return (
        count_of(service, AuthenticatorAppRow, AuthenticatorAppRow.confirmed_at.is_not(None)),
        count_of(service, AuthenticatorAppRow),
        count_of(service, RecoveryCodeRow),
        told_of(service),
    )


@pytest.mark.case("LOG-20", "MFA-06")
@pytest.mark.parametrize("way_back", ["not me", "undo"])
def test_taking_an_account_back_takes_what_was_added_since(clock, service, way_back):
    join(service)
    signed_in(service)
    thief = service.client(known=False)
    assert log_in(thief).status_code == 200
    if way_back == "undo":
        moved(service, thief)
    passkey_for(service, thief)
    turned_on(thief, clock)
    if way_back == "undo":
        assert undo(service, undo_token(service)).status_code == 303
    else:
        not_me(service)
    assert not is_in(thief)
    assert count_of(service, AuthenticatorAppRow) == count_of(service, RecoveryCodeRow) == 0
    owner = service.client()
    new_password(service)
    assert log_in(owner, password=OTHER_PASSWORD).status_code == 200
    assert owner.get("/api/v1/me/passkeys").json == []


@pytest.mark.case("LOG-20", "MFA-06")
@pytest.mark.parametrize("way_back", ["not me", "undo"])
def test_taking_an_account_back_leaves_what_was_there_before(clock, service, way_back):
    owner, app, codes = guarded(service, clock)
    passkey_for(service, owner, code=app.next_code())
    clock.advance(minutes=1)
    thief, token = waiting(service, service.client(known=False))
    assert show(thief, token, app.next_code()).status_code == 200
    if way_back == "undo":
        moved(service, thief)
    stolen = thief.post(CODES_PATH, {}).json["recovery_codes"]
    if way_back == "undo":
        assert undo(service, undo_token(service)).status_code == 303
    else:
        not_me(service)
    new_password(service)
    browser, token = waiting(service, password=OTHER_PASSWORD)
    assert code_of(show(browser, token, stolen[0], "recovery_code")) == "invalid_code"
    assert code_of(show(browser, token, codes[0], "recovery_code")) == "invalid_code"
    assert show(browser, token, app.next_code()).status_code == 200
    assert (left(browser), len(browser.get("/api/v1/me/passkeys").json)) == (0, 1)


@pytest.mark.case("SEC-05")
def test_the_export_lists_factors_without_what_opens_anything(clock, service):
    browser, app, codes = guarded(service, clock)
    passkey_for(service, browser, name="My phone", code=app.next_code())
    waiting(service)
    told = browser.get("/api/v1/me/export").json
    assert [sorted(one) for one in told["authenticator_apps"]] == [["confirmed_at", "created_at"]]
    assert [sorted(one) for one in told["recovery_codes"]] == [["created_at"]] * 10
    assert [one["name"] for one in told["passkeys"]] == ["My phone"]
    assert [sorted(one) for one in told["second_steps"]] == [["amr", "expires_at"]]
    whole = browser.get("/api/v1/me/export").text
    assert app.secret not in whole
    assert not [code for code in codes if code in whole]


@pytest.mark.case("MFA-06")
def test_other_services_hear_that_the_sessions_have_ended(clock, service):
    service.parts.flows.webhooks.create("http://127.0.0.1:9999/hook", [], STAFF)
    browser, app, _ = guarded(service, clock)
    other = freshly_in(service, app)
    assert browser.delete(TOTP_PATH, {"code": app.next_code()}).status_code == 204
    assert not is_in(other)
    assert count_of(service, WebhookEventRow, WebhookEventRow.type == "session.revoked") == 1


def test_an_account_without_an_address_may_have_a_second_factor(clock, make_service, database, apple):
    apple.person = replace(apple.person, email=None)
    service = make_service(database, **apple.settings)
    browser = service.client()
    sign_in(browser, apple)
    app, _ = turned_on(browser, clock)
    assert told_of(service) == []
    assert sign_in(service.client(), apple).headers["Location"] == "/login/mfa"
    assert browser.delete(TOTP_PATH, {"code": app.next_code()}).status_code == 204


@pytest.mark.case("MFA-05", "SEC-05")
def test_recovery_codes_are_kept_hashed(clock, service):
    _, _, codes = guarded(service, clock)
    stored = everything_stored(service)
    assert repr(digest(codes[0].replace("-", ""))) in stored
    assert user_row(service)["credential_epoch"] > 0
