"""Connecting and disconnecting providers: who must prove what, in which browser, and what never happens silently."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from service.store.schema import AuditRow, IdentityRow, PendingIdentityRow, UserRow
from service.store.schema_mail import OutboxTable
from tests.flows.at_providers import (
    COOKIE,
    bring,
    cast,
    connect,
    csrf_in,
    heading,
    identities_in,
    linking,
    me,
    sign_in,
)
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
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
)
from tests.support.people import VISIT

CONFIRM = "/login/connect/confirm"


@pytest.fixture
def service(make_service, database, google, issuer):
    google.person = cast(google, 2, email=ADDRESS)
    issuer.person = cast(issuer, 0, email=ADDRESS)
    return make_service(database, **google.settings, **issuer.settings)


@pytest.fixture
def on_sqlite(make_service, sqlite_url, google, issuer):
    google.person = cast(google, 2, email=ADDRESS)
    issuer.person = cast(issuer, 1, email=ADDRESS)
    return make_service(sqlite_url, **google.settings, **issuer.settings)


def asked_to_prove(service, issuer, next=None):
    """A browser that came with an identity whose address has an account."""
    browser = service.client()
    answer = sign_in(browser, issuer, next=next)
    assert answer.headers["Location"] == "/login/connect"
    return browser


def mailed(service, browser):
    """Ask for the link instead of typing a password; the link."""
    page = browser.get("/login/connect")
    token = csrf_in(page)
    sent = browser.request("POST", "/login/connect/email", data={"csrf_token": token})
    assert sent.headers["Location"] == "/login/connect/sent"
    return link_to(service, CONFIRM)


def link_to(service, path):
    """The newest link of this kind; letters of one moment come in any order."""
    return [one for one in letters_to(service) if path in one.raw.decode()][-1].link(path)


@pytest.mark.case("OAC-24")
def test_the_password_of_the_account_is_a_proof(service, google):
    account = join(service)
    browser = asked_to_prove(service, google, next="/account/devices")
    wrong = browser.form("/login/connect", password=OTHER_PASSWORD)
    assert (wrong.status_code, me(browser)) == (401, None)
    right = browser.form("/login/connect", password=PASSWORD)
    assert (right.status_code, right.headers["Location"]) == (303, "/account/devices")
    assert (me(browser)["id"], me(browser)["providers"]) == (str(account.id), ["google"])
    assert browser.get("/api/v1/session").json["session"]["amr"] == ["fed", "pwd"]
    assert "was connected" in letters_to(service)[-1].message["Subject"]
    again = service.client()
    assert sign_in(again, google).headers["Location"] == "/account"
    assert me(again)["id"] == str(account.id)


@pytest.mark.case("OAC-24")
def test_a_mailed_link_is_a_proof(service, google):
    account = join(service)
    browser = asked_to_prove(service, google)
    link = mailed(service, browser)
    looked = browser.get(link)
    assert (looked.status_code, looked.headers["Location"]) == (303, CONFIRM)
    assert browser.get(CONFIRM).status_code == 200
    assert identities_in(service) == []
    assert browser.form(CONFIRM).status_code == 303
    assert (me(browser)["id"], me(browser)["has_password"]) == (str(account.id), True)
    browser.get(link)
    assert heading(browser.get(CONFIRM)) == "This link does not work here"


@pytest.mark.case("OAC-24")
def test_the_mailed_link_does_nothing_in_another_browser(service, google):
    join(service)
    attacker = asked_to_prove(service, google)
    link = mailed(service, attacker)
    owner = service.client()
    owner.get(link)
    refused = owner.get(CONFIRM)
    assert (refused.status_code, heading(refused)) == (400, "This link does not work here")
    signed = signed_in(service)
    signed.get(link)
    page = signed.get("/account/password")
    token = csrf_in(page)
    assert signed.request("POST", CONFIRM, data={"csrf_token": token}).status_code == 400
    assert identities_in(service) == []


@pytest.mark.case("OAC-24")
def test_the_mailed_link_works_once(service, google):
    join(service)
    browser = asked_to_prove(service, google)
    link = mailed(service, browser)
    browser.get(link)
    page = browser.get(CONFIRM)
    token = csrf_in(page)
    cookies = [(one, secret_of(browser, one)) for one in (COOKIE, "masthead-forms")]

    def press(_):
        other = service.client()
        for name, value in cookies:
            other.inner.set_cookie(name, value)
        return other.request("POST", CONFIRM, data={"csrf_token": token}).status_code

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(press, range(5))) == [303, 400, 400, 400, 400]
    assert count_of(service, IdentityRow) == 1


def test_a_proof_is_over_after_its_time(clock, make_service, sqlite_url, google):
    service = make_service(sqlite_url, signup_ttl=3600, **google.settings)
    google.person = cast(google, 2, email=ADDRESS)
    join(service)
    browser = asked_to_prove(service, google)
    link = mailed(service, browser)
    clock.advance(hours=1, seconds=1)
    browser.get(link)
    assert browser.get(CONFIRM).status_code == 400
    assert browser.get("/login/connect").status_code == 400
    with service.parts.store.write() as uow:
        assert uow.pending_identities.purge(clock()) == 1


def test_proofs_by_password_are_throttled_like_any_sign_in(make_service, sqlite_url, google):
    service = make_service(
        sqlite_url, rate_limit_scale=1, rate_limits="login_per_client=99/5minute", **google.settings
    )
    google.person = cast(google, 2, email=ADDRESS)
    join(service)
    browser = asked_to_prove(service, google)
    answers = [browser.form("/login/connect", password=OTHER_PASSWORD).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    assert log_in(service.client()).status_code == 429


def test_letters_of_proof_are_throttled_by_address(make_service, sqlite_url, google):
    service = make_service(sqlite_url, rate_limit_scale=1, **google.settings)
    google.person = cast(google, 2, email=ADDRESS)
    join(service)
    browser = asked_to_prove(service, google)
    for _ in range(3):
        mailed(service, browser)
    page = browser.get("/login/connect")
    token = csrf_in(page)
    assert browser.request("POST", "/login/connect/email", data={"csrf_token": token}).status_code == 303
    assert len(letters_to(service)) == 3


def test_an_account_without_a_proven_address_is_not_proven_by_its_password(on_sqlite, google):
    join(on_sqlite, verified=False)
    browser = asked_to_prove(on_sqlite, google)
    assert browser.form("/login/connect", password=PASSWORD).status_code == 401
    assert identities_in(on_sqlite) == []


@pytest.mark.parametrize("path", ["/login/connect", "/login/connect/confirm"])
def test_who_has_nothing_to_prove_is_sent_back(on_sqlite, path):
    for cookie in (None, "x", "x" * 5000, "é"):
        browser = on_sqlite.client()
        if cookie:
            browser.inner.set_cookie(COOKIE, cookie)
        assert browser.get(path).status_code == 400


# The five classes of Sudhodanan and Paverd, 2022. Only staff can make an account nobody has proven.


@pytest.fixture(params=["the provider runs the mailbox", "mailed link"])
def arrive(request, service, google):
    """How the owner of the address comes by Google for the first time."""
    runs_it = request.param == "the provider runs the mailbox"
    google.person = cast(google, 1 if runs_it else 2, email=ADDRESS)

    def come():
        browser = service.client()
        answer = sign_in(browser, google)
        if not runs_it:
            assert answer.headers["Location"] == "/login/connect"
            browser.get(mailed(service, browser))
            assert browser.form(CONFIRM).status_code == 303
        return browser

    return come


@pytest.mark.case("OAC-28")
def test_an_attackers_password_dies_when_the_owner_arrives(service, arrive):
    join(service, password=OTHER_PASSWORD, verified=False)
    owner = arrive()
    assert (me(owner)["email"], me(owner)["has_password"]) == (ADDRESS, False)
    assert log_in(service.client(), ADDRESS, OTHER_PASSWORD).status_code == 401


@pytest.mark.case("OAC-28")
def test_a_sign_up_that_waits_dies_when_the_owner_arrives(on_sqlite, google):
    attacker = on_sqlite.client()
    attacker.post("/api/v1/signup", {"email": ADDRESS, "password": OTHER_PASSWORD})
    (letter,) = letters_to(on_sqlite)
    google.person = cast(google, 1, email=ADDRESS)
    owner = on_sqlite.client()
    sign_in(owner, google)
    token = token_in(letter, "/signup/confirm")
    assert attacker.post("/api/v1/signup/confirm", {"token": token}).status_code == 400
    assert log_in(on_sqlite.client(), ADDRESS, OTHER_PASSWORD).status_code == 401
    assert me(owner)["has_password"] is False


@pytest.mark.case("OAC-29")
def test_an_attackers_session_dies_when_the_owner_arrives(service, arrive):
    join(service, password=OTHER_PASSWORD)
    attacker = signed_in(service, password=OTHER_PASSWORD)
    change(service, update(UserRow).values(email_verified_at=None))
    arrive()
    assert not is_in(attacker)


@pytest.mark.case("OAC-29", "OAC-30")
def test_what_an_attacker_left_dies_with_a_reset(service, issuer):
    issuer.person = cast(issuer, 0, email="attacker@members.example")
    join(service, password=OTHER_PASSWORD)
    attacker = signed_in(service, password=OTHER_PASSWORD)
    assert connect(attacker, issuer).status_code == 303
    change(service, update(UserRow).values(email_verified_at=None))
    service.client().form("/forgot-password", email=ADDRESS)
    owner = service.client()
    owner.get(link_to(service, "/reset-password"))
    assert owner.form("/reset-password", password=PASSWORD).status_code == 303
    assert not is_in(attacker)
    assert identities_in(service) == []
    comes_back = service.client()
    sign_in(comes_back, issuer)
    assert me(comes_back)["email"] == "attacker@members.example"
    assert me(comes_back)["id"] != str(user_row(service)["id"])


@pytest.mark.case("OAC-30")
def test_an_identity_linked_before_the_address_was_proven_is_dropped(service, issuer, arrive):
    issuer.person = cast(issuer, 0, email="attacker@members.example")
    join(service, password=OTHER_PASSWORD)
    attacker = signed_in(service, password=OTHER_PASSWORD)
    assert connect(attacker, issuer).status_code == 303
    change(service, update(UserRow).values(email_verified_at=None))
    owner = arrive()
    assert me(owner)["providers"] == ["google"]
    comes_back = service.client()
    sign_in(comes_back, issuer)
    assert me(comes_back)["id"] != me(owner)["id"]


@pytest.mark.case("OAC-32")
def test_a_provider_that_verifies_nothing_cannot_take_an_account(on_sqlite, issuer):
    join(on_sqlite)
    attacker = on_sqlite.client()
    answer = sign_in(attacker, issuer)
    assert answer.headers["Location"] == "/login/connect/sent"
    owner = on_sqlite.client()
    owner.get(letters_to(on_sqlite)[-1].link(CONFIRM))
    assert owner.get(CONFIRM).status_code == 400
    assert (me(attacker), me(owner), identities_in(on_sqlite)) == (None, None, [])


# The account page


@pytest.mark.case("OAC-33")
def test_a_reader_connects_and_disconnects(service, google, issuer):
    join(service)
    browser = signed_in(service)
    for one in (google, issuer):
        answer = connect(browser, one)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account/identities")
    assert me(browser)["providers"] == ["google", "plain"]
    assert [one["provider"] for one in browser.get("/api/v1/me/identities").json] == ["google", "plain"]
    subjects = [letter.message["Subject"] for letter in letters_to(service)]
    assert min(subjects).startswith("Google was connected")
    page = browser.get("/account/identities")
    token = csrf_in(page)
    gone = browser.request("POST", "/account/identities/google/unlink", data={"csrf_token": token})
    assert gone.headers["Location"] == "/account/identities"
    assert browser.delete("/api/v1/me/identities/plain").status_code == 204
    assert browser.delete("/api/v1/me/identities/plain").status_code == 404
    assert (me(browser)["providers"], identities_in(service)) == ([], [])
    assert sum("was disconnected" in one.message["Subject"] for one in letters_to(service)) == 2
    assert count_of(service, AuditRow, AuditRow.kind == "identity.unlinked") == 2


@pytest.mark.case("OAC-33")
@pytest.mark.parametrize("path", ["/account/identities/google", "/account/identities/google/unlink"])
def test_another_site_connects_and_disconnects_nothing(on_sqlite, google, path):
    join(on_sqlite)
    browser = signed_in(on_sqlite)
    assert connect(browser, google).status_code == 303
    token = csrf_in(browser.get("/account/identities"))
    evil = {"Origin": "https://attacker.example", "Sec-Fetch-Site": "cross-site"}
    assert browser.request("POST", path).status_code == 403
    assert browser.request("POST", path, data={"csrf_token": "forged"}).status_code == 403
    assert browser.request("POST", path, data={"csrf_token": token}, headers=evil).status_code == 403
    assert browser.delete("/api/v1/me/identities/google", headers=evil).status_code == 403
    assert browser.delete("/api/v1/me/identities/google", headers={"Origin": None}).status_code == 403
    assert browser.get(path).status_code in (404, 405)
    assert me(browser)["providers"] == ["google"]


@pytest.mark.case("OAC-33")
def test_an_old_session_signs_in_again_before_it_connects(clock, make_service, sqlite_url, google):
    service = make_service(sqlite_url, **google.settings)
    join(service)
    browser = signed_in(service, remember=True)
    page = browser.get("/account/identities")
    token = csrf_in(page)
    clock.advance(minutes=15, seconds=1)
    answer = browser.request("POST", "/account/identities/google", data={"csrf_token": token})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?again=1")
    form = browser.get(answer.headers["Location"])
    assert form.status_code == 200
    assert "Sign in" in heading(form)
    assert google.requests == []


@pytest.mark.case("OAC-33")
def test_what_one_session_began_no_other_finishes(service, google):
    join(service)
    join(service, "attacker@example.org")
    victim, attacker = signed_in(service), signed_in(service, "attacker@example.org")
    answer = google.answer(linking(attacker, google))
    assert bring(victim, answer).status_code == 400
    answer = google.answer(linking(attacker, google))
    secret = secret_of(attacker, COOKIE)
    victim.inner.set_cookie(COOKIE, secret)
    assert bring(victim, answer).status_code == 400
    assert identities_in(service) == []


@pytest.mark.case("OAC-33")
def test_a_session_that_ended_connects_nothing(on_sqlite, google):
    join(on_sqlite)
    browser = signed_in(on_sqlite)
    answer = google.answer(linking(browser, google))
    cookie = secret_of(browser, COOKIE)
    browser.post("/api/v1/logout")
    log_in(browser)
    browser.inner.set_cookie(COOKIE, cookie)
    assert bring(browser, answer).status_code == 400
    assert identities_in(on_sqlite) == []


def test_an_identity_of_another_account_is_not_taken_away(service, google):
    google.person = cast(google, 0)
    first = service.client()
    sign_in(first, google)
    join(service)
    second = signed_in(service)
    answer = connect(second, google)
    assert (answer.status_code, heading(answer)) == (409, "Already connected")
    assert identities_in(service) == [("google", google.person.subject, google.person.email)]


def test_a_second_identity_of_the_same_provider_is_refused(on_sqlite, google):
    join(on_sqlite)
    browser = signed_in(on_sqlite)
    connect(browser, google)
    google.person = replace(google.person, subject="another")
    assert connect(browser, google).status_code == 409
    assert len(identities_in(on_sqlite)) == 1
    stranger = on_sqlite.client()
    assert sign_in(stranger, google).headers["Location"] == "/login/connect"
    assert stranger.form("/login/connect", password=PASSWORD).status_code == 409
    assert len(identities_in(on_sqlite)) == 1


@pytest.mark.case("OAC-33")
def test_who_cancels_while_connecting_is_not_led_into_another_account(on_sqlite, google):
    join(on_sqlite)
    browser = signed_in(on_sqlite)
    answer = bring(browser, google.answer(linking(browser, google), cancel=True))
    assert (answer.status_code, heading(answer)) == (400, "Sign-in cancelled")
    assert 'href="/account/identities"' in answer.text
    assert 'href="/login/google' not in answer.text
    assert is_in(browser)


@pytest.mark.case("OAC-34")
@pytest.mark.parametrize("method", ["PATCH", "PUT", "POST", "DELETE"])
def test_no_call_moves_an_identity_to_somebody_else(on_sqlite, google, method):
    join(on_sqlite)
    other = join(on_sqlite, "other@example.org")
    browser = signed_in(on_sqlite)
    connect(browser, google)
    before = identities_in(on_sqlite)
    body = {"user_id": str(other.id), "provider": "google", "subject": "x"}
    for path in (
        "/api/v1/me/identities",
        f"/api/v1/users/{other.id}/identities",
        f"/api/v1/users/{other.id}/identities/google",
        f"/api/v1/identities/{before[0][1]}",
    ):
        assert browser.request(method, path, json=body).status_code in (404, 405)
    if method != "DELETE":
        assert browser.request(method, "/api/v1/me/identities/google", json=body).status_code == 405
    assert signed_in(on_sqlite, "other@example.org").delete("/api/v1/me/identities/google").status_code == 404
    assert identities_in(on_sqlite) == before


# Never below one way in


def joined_with_both(service, google, issuer):
    google.person = cast(google, 0)
    browser = service.client()
    sign_in(browser, google)
    assert connect(browser, issuer).status_code == 303
    return browser


def test_the_last_way_in_stays(service, google, issuer):
    browser = joined_with_both(service, google, issuer)
    assert browser.delete("/api/v1/me/identities/plain").status_code == 204
    refused = browser.delete("/api/v1/me/identities/google")
    assert (refused.status_code, code_of(refused)) == (409, "last_sign_in_method")
    page = browser.get("/account/identities")
    token = csrf_in(page)
    shown = browser.request("POST", "/account/identities/google/unlink", data={"csrf_token": token})
    assert shown.status_code == 409
    assert "This is your only way to sign in." in shown.text
    assert me(browser)["providers"] == ["google"]


def test_two_at_once_leave_one_way_in(service, google, issuer):
    browser = joined_with_both(service, google, issuer)
    secret = secret_of(browser)

    def unlink(name):
        other = service.client()
        other.inner.set_cookie("masthead", secret)
        return other.delete(f"/api/v1/me/identities/{name}").status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(unlink, ("google", "plain"))) == [204, 409]
    assert len(identities_in(service)) == 1


def test_a_provider_that_is_blocked_is_no_way_in(on_sqlite, google, issuer):
    browser = joined_with_both(on_sqlite, google, issuer)
    change(
        on_sqlite,
        update(IdentityRow).where(IdentityRow.provider == "google").values(blocked_at=IdentityRow.created_at),
    )
    assert browser.delete("/api/v1/me/identities/plain").status_code == 409


def test_a_provider_that_is_configured_no_more_is_no_way_in(make_service, sqlite_url, google, issuer):
    browser = joined_with_both(make_service(sqlite_url, **google.settings, **issuer.settings), google, issuer)
    later = make_service(sqlite_url, **google.settings).client()
    later.inner.set_cookie("masthead", secret_of(browser))
    page = later.get("/account/identities")
    assert "plain" in page.text
    assert later.delete("/api/v1/me/identities/google").status_code == 409
    assert later.delete("/api/v1/me/identities/plain").status_code == 204


def test_a_password_is_a_way_in(on_sqlite, google):
    google.person = cast(google, 0)
    browser = on_sqlite.client()
    sign_in(browser, google)
    assert browser.delete("/api/v1/me/identities/google").status_code == 409
    answer = browser.post("/api/v1/password/change", {"new_password": OTHER_PASSWORD})
    assert answer.status_code == 200
    assert browser.delete("/api/v1/me/identities/google").status_code == 204


@pytest.mark.parametrize("odd", ["%00", "%ED%A0%80", "x" * 3000, "google%0d%0aX: y"])
def test_odd_names_are_not_found(on_sqlite, odd):
    join(on_sqlite)
    assert signed_in(on_sqlite).delete(f"/api/v1/me/identities/{odd}").status_code == 404


def test_nothing_in_the_database_finishes_a_proof(on_sqlite, google):
    join(on_sqlite)
    browser = asked_to_prove(on_sqlite, google)
    link = mailed(on_sqlite, browser)
    kept = everything_stored(on_sqlite)
    assert count_of(on_sqlite, PendingIdentityRow) == count_of(on_sqlite, OutboxTable) == 1
    for secret in (secret_of(browser, COOKIE), link.partition("token=")[2]):
        assert secret not in kept


def test_a_session_that_ends_while_the_provider_is_asked_leaves_no_identity_behind(
    service, google, monkeypatch
):
    join(service)
    thief = signed_in(service)
    answer = google.answer(linking(thief, google))
    provider = service.parts.flows.social.providers[google.name]
    redeem = type(provider).redeem

    def meanwhile(self, redemption):
        service.parts.flows.sessions.sign_out(secret_of(thief), VISIT)
        return redeem(self, redemption)

    monkeypatch.setattr(type(provider), "redeem", meanwhile)
    assert bring(thief, answer).status_code == 401
    assert identities_in(service) == []
