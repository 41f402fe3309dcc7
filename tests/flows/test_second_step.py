"""The step between the first factor and the session: every way in ends there, and nothing opens before it."""

import time

import pytest
from sqlalchemy import update

from service.store.schema import IdentityRow, PendingIdentityRow, SessionRow, UserRow
from service.store.schema_second_factors import AuthenticatorAppRow, RecoveryCodeRow, SecondStepRow
from tests.flows.at_providers import cast, csrf_in, me, sign_in, with_id_token
from tests.flows.factors import (
    STEP,
    asked,
    events,
    guarded,
    offered,
    passkey_for,
    request_options,
    show,
    show_passkey,
    turned_on,
    waiting,
)
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    STRANGER,
    change,
    code_of,
    count_of,
    everything_stored,
    is_in,
    join,
    letters_to,
    log_in,
    secret_of,
    signed_in,
    token_in,
    user_row,
    with_cookies,
)
from tests.flows.together import at_once, insist
from tests.support.people import add_reader

ONLY_CODES = {
    "rate_limit_scale": 1,
    "rate_limits": "code_per_client=9999/5minute,login_per_account=9999/5minute",
}


@pytest.fixture
def shipped(clock, make_service, sqlite_url):
    """The service with the throttle of codes as it is shipped, counted by account alone."""
    return make_service(sqlite_url, **ONLY_CODES)


def sessions_of(service):
    return count_of(service, SessionRow)


@pytest.mark.case("MFA-11", "SES-01")
def test_a_password_leads_to_the_second_step_and_a_code_to_the_session(clock, service):
    owner, app, _codes = guarded(service, clock)
    browser, token = waiting(service, remember=True)
    assert not is_in(browser)
    assert sessions_of(service) == 1
    answer = show(browser, token, app.next_code())
    assert answer.status_code == 200
    assert answer.json["session"]["amr"] == ["pwd", "otp", "mfa"]
    assert browser.inner.get_cookie("masthead").max_age == 90 * 86400
    assert secret_of(browser, STEP) is None
    assert is_in(browser)
    assert secret_of(browser) not in (token, secret_of(owner))


def test_the_answer_names_what_can_be_shown(clock, service):
    owner, app, _codes = guarded(service, clock)
    assert log_in(service.client()).json["methods"] == ["totp", "recovery_code"]
    passkey_for(service, owner, code=app.next_code())
    assert owner.delete("/api/v1/me/mfa/recovery-codes", {"code": app.next_code()}).status_code == 204
    assert log_in(service.client()).json["methods"] == ["totp", "passkey"]


@pytest.mark.case("SES-01")
def test_the_second_step_ends_the_session_the_browser_had(clock, service):
    owner, app, _codes = guarded(service, clock)
    before = secret_of(owner)
    _, token = waiting(service, owner)
    assert is_in(owner)
    assert show(owner, token, app.next_code()).status_code == 200
    assert secret_of(owner) != before
    assert not is_in(with_cookies(service, f"masthead={before}"))
    assert sessions_of(service) == 1


@pytest.mark.case("SES-16")
def test_what_waits_opens_no_api_and_no_page(clock, service):
    guarded(service, clock)
    browser, token = waiting(service)
    assert secret_of(browser, STEP) == token
    thieves = [browser, with_cookies(service, f"masthead={token}"), with_cookies(service, f"{STEP}={token}")]
    for thief in thieves:
        assert not is_in(thief)
        for path in (
            "/api/v1/me",
            "/api/v1/me/export",
            "/api/v1/sessions",
            "/api/v1/me/passkeys",
            "/api/v1/me/mfa/totp",
        ):
            assert thief.get(path).status_code in (401, 405), path
        for path in ("/account", "/account/devices", "/account/password", "/account/delete"):
            assert thief.get(path).headers["Location"].startswith("/login"), path
        again = {"current_password": PASSWORD}
        assert thief.post("/api/v1/me/mfa/totp", again).status_code == 401
        assert thief.post("/api/v1/me/passkey-options", again).status_code == 401
        assert thief.delete("/api/v1/me/mfa/totp", again).status_code == 401
        assert thief.delete("/api/v1/me", again).status_code == 401
        bearer = thief.get("/api/v1/session", headers={"Authorization": f"Bearer {token}"})
        assert bearer.status_code == 401
    assert sessions_of(service) == 1


@pytest.mark.case("ENU-10", "ENU-03")
def test_nobody_learns_of_a_second_factor_before_the_first_is_proven(clock, service):
    guarded(service, clock)
    join(service, "reader2@example.org")
    wrong = [
        log_in(service.client(), email, OTHER_PASSWORD)
        for email in (ADDRESS, "reader2@example.org", STRANGER)
    ]
    assert len({repr(answer.json | {"request_id": ""}) for answer in wrong}) == 1
    assert code_of(wrong[0]) == "invalid_credentials"
    assert all(STEP not in "".join(answer.headers.getlist("Set-Cookie")) for answer in wrong)
    assert count_of(service, SecondStepRow) == 0
    forgotten = [
        service.client().post("/api/v1/password/forgot", {"email": email}) for email in (ADDRESS, STRANGER)
    ]
    assert len({(answer.status_code, answer.text) for answer in forgotten}) == 1


@pytest.mark.case("MFA-11", "RST-65")
def test_a_mailed_link_is_one_factor_and_needs_the_app_s_code(clock, service):
    _, app, _codes = guarded(service, clock)
    browser = service.client()
    browser.post("/api/v1/login/link", {"email": ADDRESS, "next": "/account/devices"})
    link = token_in(letters_of_kind(service, "/login/link/confirm"), "/login/link/confirm")
    token = asked(browser.post("/api/v1/login/link/confirm", {"token": link}))
    assert not is_in(browser)
    assert code_of(browser.post("/api/v1/login/link/confirm", {"token": link})) == "invalid_token"
    mailed_again = show(browser, token, link, "recovery_code")
    assert code_of(mailed_again) == "invalid_code"
    answer = show(browser, token, app.next_code())
    assert answer.json["session"]["amr"] == ["email", "otp", "mfa"]


@pytest.mark.case("MFA-11")
def test_the_pages_lead_to_the_second_step_and_no_further(clock, service):
    guarded(service, clock)
    by_password, by_mail = service.client(), service.client()
    typed = by_password.form("/login?next=/account/devices", email=ADDRESS, password=PASSWORD)
    by_mail.form("/login/link", email=ADDRESS)
    link = letters_of_kind(service, "/login/link/confirm").link("/login/link/confirm")
    by_mail.follow(by_mail.get(link))
    for browser, answer in ((by_password, typed), (by_mail, by_mail.form("/login/link/confirm"))):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login/mfa")
        assert secret_of(browser, STEP)
        assert not is_in(browser)
    assert sessions_of(service) == 1


@pytest.mark.case("RST-60", "RST-61", "RST-65")
def test_a_reset_leaves_the_factors_and_signs_nobody_in(clock, service):
    owner, app, codes = guarded(service, clock)
    passkey_for(service, owner, code=app.next_code())
    held, earlier = waiting(service)
    service.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    reset = token_in(letters_of_kind(service, "/reset-password"), "/reset-password")
    browser = service.client()
    answer = browser.post("/api/v1/password/reset", {"token": reset, "password": OTHER_PASSWORD})
    assert answer.status_code == 200
    assert (secret_of(browser), is_in(browser), is_in(owner)) == (None, False, False)
    assert code_of(show(held, earlier, app.next_code())) == "expired_token"
    _, token = waiting(service, browser, password=OTHER_PASSWORD)
    assert log_in(service.client(), password=OTHER_PASSWORD).json["methods"] == [
        "totp",
        "passkey",
        "recovery_code",
    ]
    assert show(browser, token, codes[0], "recovery_code").status_code == 200


def letters_of_kind(service, path):
    """The newest letter with a link to a path."""
    return [letter for letter in letters_to(service) if path in letter.raw.decode()][-1]


@pytest.mark.case("MFA-11", "LOG-10")
@pytest.mark.parametrize("kind", ["google", "apple", "issuer"])
def test_a_provider_s_word_is_one_factor(clock, make_service, database, request, kind):
    provider = request.getfixturevalue(kind)
    service = make_service(database, **provider.settings)
    owner = service.client()
    sign_in(owner, provider)
    app, _codes = turned_on(owner, clock)
    browser = service.client()
    back = sign_in(browser, provider, next="/account/devices")
    assert (back.status_code, back.headers["Location"]) == (303, "/login/mfa")
    assert not is_in(browser)
    assert sessions_of(service) == 1
    answer = show(browser, secret_of(browser, STEP), app.next_code())
    assert answer.json["session"]["amr"] == ["fed", "otp", "mfa"]
    assert is_in(browser)


@pytest.mark.case("MFA-11")
@pytest.mark.parametrize("kind", ["google", "apple"])
def test_an_id_token_is_one_factor_and_is_used_up(clock, make_service, database, request, kind):
    provider = request.getfixturevalue(kind)
    service = make_service(database, **provider.settings)
    owner = service.client()
    assert with_id_token(owner, provider).status_code == 200
    app, _codes = turned_on(owner, clock)
    told, browser = provider.id_token(locale="en"), service.client()
    token = asked(with_id_token(browser, provider, told))
    assert not is_in(browser)
    assert code_of(with_id_token(service.client(), provider, told)) == "invalid_id_token"
    assert show(browser, token, app.next_code()).status_code == 200


@pytest.mark.case("MFA-11")
def test_one_tap_leads_people_to_the_page(clock, make_service, database, google):
    service = make_service(database, **google.settings)
    owner = service.client()
    with_id_token(owner, google)
    turned_on(owner, clock)
    browser = service.client()
    browser.inner.set_cookie("g_csrf_token", "double")
    form = {"credential": google.id_token(drop=["nonce"]), "g_csrf_token": "double"}
    answer = browser.request(
        "POST", "/login/google", data=form, headers={"Origin": "https://elsewhere.example"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/mfa")
    assert not is_in(browser)


@pytest.mark.case("MFA-11", "OAC-24")
@pytest.mark.parametrize("proof", ["password", "link"])
def test_no_provider_is_connected_from_outside(clock, make_service, database, google, proof):
    google.person = cast(google, 2, email=ADDRESS)
    service = make_service(database, **google.settings)
    guarded(service, clock)
    browser = service.client()
    assert sign_in(browser, google).headers["Location"] == "/login/connect"
    if proof == "password":
        answer = browser.form("/login/connect", password=PASSWORD)
    else:
        page = browser.get("/login/connect")
        browser.request("POST", "/login/connect/email", data={"csrf_token": csrf_in(page)})
        browser.get(letters_of_kind(service, "/login/connect/confirm").link("/login/connect/confirm"))
        answer = browser.form("/login/connect/confirm")
    assert (answer.status_code, "second step" in answer.text) == (409, True)
    assert (me(browser), count_of(service, IdentityRow)) == (None, 0)
    assert count_of(service, PendingIdentityRow) == 1


@pytest.mark.case("MFA-11")
@pytest.mark.parametrize("by", ["code flow", "ID token"])
def test_not_even_a_provider_that_runs_the_mailbox_is_connected_from_outside(
    clock, make_service, database, google, by
):
    service = make_service(database, **google.settings)
    join(service, google.person.email)
    owner = signed_in(service, google.person.email)
    _app, _codes = turned_on(owner, clock)
    browser = service.client()
    answer = sign_in(browser, google) if by == "code flow" else with_id_token(browser, google)
    assert answer.status_code == 409
    assert (me(browser), count_of(service, IdentityRow)) == (None, 0)
    assert events(service, "identity.") == []


def unproven(service, clock):
    """An account whose address nobody has proven, and in it a stranger who has turned a second factor on."""
    user = join(service, verified=False)
    with service.parts.store.write() as uow:
        begun = service.parts.flows.sessions.begin(uow, user, amr=("pwd",), remember=True, visit=STAFF)
    stranger = service.client()
    stranger.inner.set_cookie("masthead", begun.secret)
    turned_on(stranger, clock)
    return stranger


@pytest.mark.case("SGN-02", "SGN-07")
@pytest.mark.parametrize("by", ["sign-up", "mailed link", "provider", "provider of the mailbox"])
def test_a_factor_from_before_the_address_was_proven_does_not_keep_its_owner_out(
    clock, make_service, database, google, by
):
    google.person = cast(google, 2, email=ADDRESS)
    if by == "provider of the mailbox":
        google.person = cast(google, 1, email=ADDRESS, hosted_domain="example.org")
    service = make_service(database, **google.settings)
    stranger, owner = unproven(service, clock), service.client()
    if by == "sign-up":
        owner.post("/api/v1/signup", {"email": ADDRESS, "password": OTHER_PASSWORD})
        token = token_in(letters_of_kind(service, "/signup/confirm"), "/signup/confirm")
        assert owner.post("/api/v1/signup/confirm", {"token": token}).status_code == 201
    elif by == "mailed link":
        owner.post("/api/v1/login/link", {"email": ADDRESS})
        token = token_in(letters_of_kind(service, "/login/link/confirm"), "/login/link/confirm")
        assert owner.post("/api/v1/login/link/confirm", {"token": token}).status_code == 200
    else:
        sign_in(owner, google)
        if by == "provider":
            page = owner.get("/login/connect")
            owner.request("POST", "/login/connect/email", data={"csrf_token": csrf_in(page)})
            owner.get(letters_of_kind(service, "/login/connect/confirm").link("/login/connect/confirm"))
            assert owner.form("/login/connect/confirm").status_code == 303
    assert (is_in(owner), is_in(stranger)) == (True, False)
    assert count_of(service, AuthenticatorAppRow) == count_of(service, RecoveryCodeRow) == 0


@pytest.mark.case("LOG-10", "SES-05")
@pytest.mark.parametrize(
    ("meanwhile", "expected"),
    [
        ("disabled", (403, "account_disabled")),
        ("password changed", (401, "expired_token")),
        ("signed out everywhere", (401, "expired_token")),
        ("second factor off", (401, "expired_token")),
        ("erased", (401, "expired_token")),
        ("ten minutes", (401, "expired_token")),
    ],
)
@pytest.mark.parametrize("method", ["totp", "recovery_code", "passkey"])
def test_the_account_is_looked_at_again_at_the_second_step(clock, service, meanwhile, expected, method):
    owner, app, codes = guarded(service, clock)
    passkey, _ = passkey_for(service, owner, code=app.next_code())
    clock.advance(seconds=60)
    browser, token = waiting(service)
    answer_of_passkey = passkey.sign(request_options(browser))
    if meanwhile == "disabled":
        service.parts.flows.accounts.disable(user_row(service)["id"], STAFF)
    elif meanwhile == "password changed":
        changed = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        assert owner.post("/api/v1/password/change", changed).status_code == 200
    elif meanwhile == "signed out everywhere":
        assert owner.delete("/api/v1/sessions").status_code == 204
    elif meanwhile == "second factor off":
        assert owner.delete("/api/v1/me/mfa/totp", {"code": codes[1]}).status_code == 204
    elif meanwhile == "erased":
        assert owner.delete("/api/v1/me", {"current_password": PASSWORD}).status_code == 202
        change(service, update(UserRow).values(erases_at=clock()))
        assert service.parts.flows.erasure.erase_due() == 1
    else:
        clock.advance(minutes=10, seconds=1)
    before = sessions_of(service)
    if method == "passkey":
        answer = show_passkey(browser, token, answer_of_passkey)
    else:
        answer = show(browser, token, app.code() if method == "totp" else codes[0], method)
    assert (answer.status_code, code_of(answer)) == expected
    assert (is_in(browser), sessions_of(service)) == (False, before)


@pytest.mark.case("LOG-10")
@pytest.mark.parametrize("raised", [True, False], ids=["its sessions ended", "disabled"])
def test_what_changes_while_a_code_is_looked_at_still_counts(clock, service, monkeypatch, raised):
    _owner, app, _codes = guarded(service, clock)
    browser, token = waiting(service)
    flows, look = service.parts.flows, service.parts.throttles.take
    user_id, begun = user_row(service)["id"], sessions_of(service)

    def take(rule, key):
        if rule == "code_per_account":
            change(
                service,
                update(UserRow).values(credential_epoch=UserRow.credential_epoch + 1)
                if raised
                else update(UserRow).values(disabled_at=clock()),
            )
        return look(rule, key)

    monkeypatch.setattr(flows.second_step.check.throttles, "take", take)
    answer = show(browser, token, app.next_code())
    assert code_of(answer) == ("expired_token" if raised else "account_disabled")
    assert sessions_of(service) == begun
    assert user_id == user_row(service)["id"]


@pytest.mark.case("DEL-01")
def test_only_the_second_step_keeps_an_account_that_was_to_be_erased(clock, service):
    owner, app, _codes = guarded(service, clock)
    assert owner.delete("/api/v1/me", {"current_password": PASSWORD}).status_code == 202
    browser, token = waiting(service)
    assert user_row(service)["erases_at"] is not None
    assert show(browser, token, app.next_code()).status_code == 200
    assert user_row(service)["erases_at"] is None


@pytest.mark.case("MFA-03")
@pytest.mark.parametrize("what", ["code", "recovery code"])
def test_of_many_uses_of_one_code_at_once_exactly_one_signs_in(clock, service, what):
    _owner, app, codes = guarded(service, clock)
    began = [waiting(service) for _ in range(8)]
    code, method = (app.next_code(), "totp") if what == "code" else (codes[0], "recovery_code")
    answers = at_once(lambda browser, token: show(browser, token, code, method), *began)
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    assert sessions_of(service) == 2
    if what == "recovery code":
        assert count_of(service, RecoveryCodeRow) == 9


@pytest.mark.case("MFA-03")
def test_a_waiting_sign_in_becomes_one_session(clock, service):
    _owner, _app, codes = guarded(service, clock)
    _browser, token = waiting(service)
    answers = at_once(
        lambda client, code: show(client, token, code, "recovery_code"),
        *((service.client(), code) for code in codes),
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9
    assert sessions_of(service) == 2
    assert count_of(service, RecoveryCodeRow) == 9


@pytest.mark.case("MFA-04", "LOG-11")
def test_five_wrong_codes_end_the_sign_in_and_a_fresh_one_does_not_forget_them(clock, shipped):
    _owner, app, codes = guarded(shipped, clock)
    browser, token = waiting(shipped)
    right = app.next_code()
    wrong = f"{(int(right) + 1) % 10**6:06}"
    assert [code_of(show(browser, token, wrong)) for _ in range(5)] == ["invalid_code"] * 5
    assert code_of(show(browser, token, right)) == "expired_token"
    fresh, token = waiting(shipped)
    limited = show(fresh, token, right)
    assert (limited.status_code, code_of(limited)) == (429, "rate_limited")
    assert int(limited.headers["Retry-After"]) > 0
    assert code_of(show(fresh, token, codes[0], "recovery_code")) == "expired_token"
    assert sessions_of(shipped) == 1
    assert events(shipped, "mfa.failed") == ["mfa.failed"] * 5


@pytest.mark.case("MFA-04", "LOG-11")
def test_guesses_are_counted_across_fresh_first_steps_and_in_the_account_as_well(clock, shipped):
    owner, app, _codes = guarded(shipped, clock)
    wrong = f"{(int(app.next_code()) + 1) % 10**6:06}"
    began = [waiting(shipped) for _ in range(6)]
    assert [show(*one, wrong).status_code for one in began[:3]] == [401] * 3
    in_the_account = owner.delete("/api/v1/me/mfa/totp", {"code": "aaaa-aaaa-aaaa-aaaa"})
    assert code_of(in_the_account) == "invalid_code"
    assert show(*began[3], "aaaa-aaaa-aaaa-aaaa", "recovery_code").status_code == 401
    assert show(*began[4], app.code()).status_code == 429
    # who has to wait begins anew, wherever
    assert {code_of(show(*one, app.code())) for one in began} == {"expired_token"}
    assert owner.delete("/api/v1/me/mfa/totp", {"code": app.code()}).status_code == 429


@pytest.mark.case("MFA-04")
def test_who_keeps_guessing_waits_for_the_hour_and_then_for_the_day(clock, shipped, monkeypatch):
    guarded(shipped, clock)
    ahead, real = 0, time.time

    def guesses():
        """Guess until it is no longer looked at; how often it was."""
        for number in range(60):
            if show(*waiting(shipped), "000000x").status_code == 429:
                return number
        return None

    monkeypatch.setattr(time, "time", lambda: real() + ahead)
    in_the_hour = []
    for _ in range(6):
        in_the_hour.append(guesses())
        ahead += 301
    assert in_the_hour[0] == 5
    assert 5 < sum(in_the_hour) <= 20  # who is told to wait and does not is counted as well
    assert in_the_hour[-1] == 0
    in_the_day = list(in_the_hour)
    for _ in range(20):
        ahead += 3601
        in_the_day.append(guesses())
    assert 20 < sum(in_the_day) <= 50
    assert in_the_day[-1] == 0
    ahead += 86_401
    assert guesses() == 5


@pytest.mark.case("MFA-04")
def test_right_codes_cost_nothing_however_many_wrong_ones_came_before(clock, shipped):
    _owner, app, codes = guarded(shipped, clock)
    browser, token = waiting(shipped)
    assert [show(browser, token, "000000x").status_code for _ in range(4)] == [401] * 4
    assert show(browser, token, app.next_code()).status_code == 200
    for code in codes[:5]:
        browser, token = waiting(shipped)
        assert show(browser, token, code, "recovery_code").status_code == 200
    browser, token = waiting(shipped)
    assert show(browser, token, "000000x").status_code == 401
    assert show(browser, token, app.next_code()).status_code == 429


@pytest.mark.case("MFA-04")
def test_a_network_that_has_to_wait_uses_up_nobody_s_tries(clock, make_service, sqlite_url):
    service = make_service(sqlite_url, rate_limit_scale=1, rate_limits="code_per_client=1/5minute")
    _owner, app, _codes = guarded(service, clock)
    for _ in range(8):
        browser, token = waiting(service)
        show(browser, token, "000000x")
    elsewhere = service.client()
    elsewhere, token = waiting(service, elsewhere)
    answer = elsewhere.post(
        "/api/v1/login/mfa",
        {"mfa_token": token, "method": "totp", "code": app.next_code()},
        environ_overrides={"REMOTE_ADDR": "198.51.100.9"},
    )
    assert answer.status_code == 200


@pytest.mark.case("MFA-04")
def test_who_has_to_wait_for_an_account_keeps_nobody_else_of_the_network_waiting(
    clock, make_service, sqlite_url
):
    limits = "code_per_account=1/5minute, code_per_client=3/5minute"
    service = make_service(sqlite_url, rate_limit_scale=1, rate_limits=limits)
    owner, app, _codes = guarded(service, clock)
    add_reader(service, "colleague@example.org")
    colleagues_app, _codes = turned_on(signed_in(service, "colleague@example.org"), clock)
    answers = [
        owner.delete("/api/v1/me/mfa/totp", {"code": code}) for code in ("000000x", *[app.next_code()] * 5)
    ]
    assert [answer.status_code for answer in answers] == [401, *[429] * 5]
    browser, token = waiting(service, email="colleague@example.org")
    assert show(browser, token, colleagues_app.next_code()).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"mfa_token": "x", "method": "totp", "code": "123456"}, 401),
        ({"mfa_token": "", "method": "totp", "code": "123456"}, 401),
        ({"mfa_token": "x" * 60_000, "method": "totp", "code": "123456"}, 401),
        ({"mfa_token": "x", "method": "passkey", "credential": {}}, 401),
        ({"mfa_token": "x", "method": "totp"}, 422),
        ({"mfa_token": "x", "method": "passkey"}, 422),
        ({"mfa_token": "x", "method": "sms", "code": "123456"}, 422),
        ({"mfa_token": None, "method": "totp", "code": "123456"}, 422),
        ({"mfa_token": "x", "method": "totp", "code": 123456}, 422),
        ({"method": "totp", "code": "123456"}, 422),
    ],
)
def test_what_is_no_second_step_is_refused(make_service, sqlite_url, body, status):
    assert make_service(sqlite_url).client().post("/api/v1/login/mfa", body).status_code == status


@pytest.mark.parametrize(
    "code",
    [
        "",
        " ",
        "0",
        "12345",
        "1234567",
        "１２",
        "x" * 60_000,
        "0" * 33,
        "-" * 40,
        "٠",
        "\u202e123456",
        "१२३४५",
    ],
)
@pytest.mark.parametrize("method", ["totp", "recovery_code"])
def test_what_is_no_code_is_wrong(clock, make_service, sqlite_url, code, method):
    service = make_service(sqlite_url)
    guarded(service, clock)
    browser, token = waiting(service)
    assert code_of(show(browser, token, code, method)) == "invalid_code"
    assert not is_in(browser)


@pytest.mark.case("MFA-11")
def test_each_method_takes_its_own_kind_of_code_of_its_own_account(clock, service):
    _owner, app, codes = guarded(service, clock)
    join(service, "reader2@example.org")
    other = signed_in(service, "reader2@example.org")
    others_app, others_codes = turned_on(other, clock)
    browser, token = waiting(service)
    clock.advance(seconds=30)
    assert show(browser, token, app.code(), "recovery_code").status_code == 401
    assert show(browser, token, codes[0]).status_code == 401
    assert show(browser, token, others_app.code()).status_code == 401
    assert show(browser, token, others_codes[0], "recovery_code").status_code == 401
    assert show(browser, token, app.code()).status_code == 200


@pytest.mark.case("MFA-07")
def test_an_app_that_has_shown_no_code_is_not_asked_for(clock, service):
    join(service)
    offered(signed_in(service), clock)
    assert log_in(service.client()).status_code == 200


@pytest.mark.case("SEC-05")
def test_the_secret_of_a_waiting_sign_in_is_kept_hashed(clock, service):
    guarded(service, clock)
    _, token = waiting(service)
    assert token not in everything_stored(service)
    clock.advance(minutes=11)
    with service.parts.store.write() as uow:
        assert uow.second_steps.purge(clock()) == 1
    assert count_of(service, SecondStepRow) == 0


@pytest.mark.case("MFA-03")
def test_readers_who_sign_in_and_change_their_factors_at_once_do_not_wait_for_each_other(clock, service):
    owner, _app, codes = guarded(service, clock)
    began = [waiting(service) for _ in range(4)]
    asking = [
        (show, browser, token, code, "recovery_code")
        for (browser, token), code in zip(began, codes, strict=False)
    ]
    changing = [
        (lambda code: owner.post("/api/v1/me/mfa/recovery-codes", {"code": code}), codes[5]),
        (lambda code: owner.delete("/api/v1/me/mfa/totp", {"code": code}), codes[6]),
        (lambda code: owner.post("/api/v1/me/passkey-options", {"code": code}), codes[7]),
    ]
    answers = at_once(lambda ask, *arguments: insist(lambda: ask(*arguments)), *asking, *changing)
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
