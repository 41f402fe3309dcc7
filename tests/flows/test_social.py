"""Sign in with a provider: the table of product.md 1.4, from the button to the account."""

from dataclasses import replace

import pytest

from service.store.schema import UserRow
from tests.flows.at_providers import (
    cast,
    heading,
    identities_in,
    me,
    sign_in,
    waiting_in,
    with_id_token,
)
from tests.flows.people import STAFF, count_of, join, letters_to, log_in, secret_of, user_row

KINDS = ["google", "apple", "issuer"]
# provider, number in its cast, changes: who vouches for what
VOUCHED = [
    pytest.param("google", 0, {}, id="Gmail"),
    pytest.param("google", 1, {}, id="Workspace"),
    pytest.param("apple", 0, {}, id="iCloud"),
    pytest.param("apple", 1, {}, id="Apple's relay"),
    pytest.param("apple", 1, {"email": "n7@private.icloud.com"}, id="Apple's newer relay"),
]
TOLD = [
    pytest.param("google", 2, {}, id="Google, another mailbox"),
    pytest.param("google", 2, {"email": "cleo@notgmail.com"}, id="Google, almost Gmail"),
    pytest.param("apple", 0, {"email": "cleo@mail.example"}, id="Apple, another mailbox"),
    pytest.param("apple", 0, {"email": "cleo@noticloud.com"}, id="Apple, almost iCloud"),
    pytest.param("issuer", 0, {}, id="plain"),
]
UNVERIFIED = [
    pytest.param("google", 3, {}, id="Google"),
    pytest.param("google", 0, {"email_verified": False}, id="Google, Gmail"),
    pytest.param("apple", 3, {}, id="Apple"),
    pytest.param("apple", 0, {"email_verified": None}, id="Apple, managed"),
    pytest.param("issuer", 1, {}, id="plain"),
]


@pytest.fixture
def met(make_service, database, request):
    """A service that knows one provider, with one person at it."""

    def meet(kind, number=0, **changes):
        issuer = request.getfixturevalue(kind)
        issuer.person = cast(issuer, number, **changes)
        return make_service(database, **issuer.settings), issuer

    return meet


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_reader_gets_an_account_without_a_password(met, kind):
    service, issuer = met(kind)
    browser = service.client()
    answer = sign_in(browser, issuer, next="/account/devices")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/devices")
    user = me(browser)
    assert (user["email"], user["email_verified"], user["has_password"]) == (issuer.person.email, True, False)
    assert (user["providers"], user["name"]) == ([issuer.name], issuer.person.name)
    assert browser.get("/api/v1/session").json["session"]["amr"] == ["fed"]
    (letter,) = letters_to(service, issuer.person.email)
    assert "Welcome" in letter.message["Subject"]
    assert "there is no password to remember" in letter.message.get_body(("plain",)).get_content()


@pytest.mark.case("OAC-25")
@pytest.mark.parametrize("kind", KINDS)
def test_they_come_back_to_the_same_account_whatever_their_address_is_now(met, kind):
    service, issuer = met(kind)
    first, second = service.client(), service.client()
    sign_in(first, issuer)
    before = me(first)
    issuer.person = replace(issuer.person, email="moved@elsewhere.example")
    assert sign_in(second, issuer).status_code == 303
    assert me(second) == before
    assert count_of(service, UserRow) == 1
    (connected,) = second.get("/api/v1/me/identities").json
    assert connected["email"] == "moved@elsewhere.example"


@pytest.mark.case("OAC-25", "OAC-38")
def test_a_known_identity_never_moves_to_the_account_of_the_address_it_tells_later(met):
    service, google = met("google")
    join(service, "victim@gmail.com")
    sign_in(service.client(), google)
    google.person = replace(google.person, email="victim@gmail.com")
    browser = service.client()
    sign_in(browser, google)
    assert me(browser)["email"] == "ada.reader@gmail.com"
    assert user_row(service, "victim@gmail.com")["id"] != user_row(service, "ada.reader@gmail.com")["id"]


@pytest.mark.parametrize(("kind", "number", "changes"), VOUCHED)
def test_an_account_is_linked_where_the_provider_runs_its_mailbox(met, kind, number, changes):
    service, issuer = met(kind, number, **changes)
    account = join(service, issuer.person.email)
    browser = service.client()
    answer = sign_in(browser, issuer)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert (me(browser)["id"], me(browser)["has_password"]) == (str(account.id), True)
    (letter,) = letters_to(service, issuer.person.email)
    assert "was connected to your account" in letter.message["Subject"]
    assert letter.link("/account/identities")


@pytest.mark.case("OAC-24", "OAC-27")
@pytest.mark.parametrize(("kind", "number", "changes"), TOLD)
def test_an_account_is_not_merged_where_the_provider_was_only_told_the_address(met, kind, number, changes):
    service, issuer = met(kind, number, **changes)
    join(service, issuer.person.email)
    browser = service.client()
    answer = sign_in(browser, issuer)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/connect")
    assert me(browser) is None
    assert identities_in(service) == []
    page = browser.follow(answer)
    assert heading(page).startswith("Connect ")
    assert issuer.person.email in page.text
    assert letters_to(service, issuer.person.email) == []


@pytest.mark.case("OAC-32")
@pytest.mark.parametrize("known", [False, True], ids=["new address", "account"])
@pytest.mark.parametrize(("kind", "number", "changes"), UNVERIFIED)
def test_an_unverified_address_is_proven_by_mail_first(met, kind, number, changes, known):
    service, issuer = met(kind, number, **changes)
    email = issuer.person.email
    account = join(service, email) if known else None
    browser = service.client()
    answer = sign_in(browser, issuer, next="/account/devices")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/connect/sent")
    assert me(browser) is None
    assert identities_in(service) == []
    (letter,) = letters_to(service, email)
    browser.get(letter.link("/login/connect/confirm"))
    done = browser.form("/login/connect/confirm")
    assert (done.status_code, done.headers["Location"]) == (303, "/account/devices")
    assert (me(browser)["email"], me(browser)["has_password"]) == (email, known)
    if account:
        assert me(browser)["id"] == str(account.id)
    assert identities_in(service) == [(issuer.name, issuer.person.subject, email)]
    assert waiting_in(service) == (0, 0)


@pytest.mark.case("OAC-32")
def test_an_unverified_address_neither_claims_nor_blocks_an_account(met):
    service, issuer = met("issuer", 1)
    sign_in(service.client(), issuer)
    assert user_row(service, issuer.person.email) is None
    owner = service.client()
    owner.post("/api/v1/signup", {"email": issuer.person.email, "password": "sepia lantern forty-two"})
    letter = [
        one for one in letters_to(service, issuer.person.email) if "/signup/confirm" in one.raw.decode()
    ]
    owner.get(letter[0].link("/signup/confirm"))
    assert owner.form("/signup/confirm").status_code == 303
    assert (me(owner)["email"], me(owner)["providers"]) == (issuer.person.email, [])


def test_the_answer_about_an_unverified_address_says_nothing_about_accounts(met):
    service, issuer = met("issuer", 1)
    unknown = sign_in(service.client(), issuer)
    join(service, "taken@members.example")
    issuer.person = replace(issuer.person, subject="another", email="taken@members.example")
    known = sign_in(service.client(), issuer)
    assert known.status_code == unknown.status_code
    assert known.headers["Location"] == unknown.headers["Location"]


@pytest.mark.case("OAC-26")
def test_the_same_subject_at_two_providers_is_two_accounts(make_service, database, google, issuer):
    service = make_service(database, **google.settings, **issuer.settings)
    issuer.person = replace(issuer.person, subject=google.person.subject)
    one, other = service.client(), service.client()
    sign_in(one, google)
    sign_in(other, issuer)
    assert me(one)["id"] != me(other)["id"]
    assert len(identities_in(service)) == 2


@pytest.mark.case("OAC-38")
def test_a_signed_token_with_somebody_elses_address_takes_nothing_over(met):
    service, apple = met("apple", 0, email="owner@mail.example")
    join(service, "owner@mail.example")
    browser = service.client()
    answer = with_id_token(browser, apple)
    assert (answer.status_code, answer.json["code"]) == (409, "link_required")
    assert me(browser) is None
    assert identities_in(service) == []


def test_an_account_without_an_address_can_be_used(met):
    service, issuer = met("issuer", 2)
    first, second = service.client(), service.client()
    sign_in(first, issuer)
    sign_in(second, issuer)
    assert me(first) == me(second)
    assert (me(first)["email"], me(first)["email_verified"]) == (None, False)
    for path in ("/account", "/account/devices", "/account/password", "/account/identities"):
        assert first.get(path).status_code == 200, path
    assert service.deliver() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_who_says_no_there_is_brought_back_calmly(met, kind):
    service, issuer = met(kind)
    browser = service.client()
    answer = sign_in(browser, issuer, cancel=True)
    assert (answer.status_code, heading(answer)) == (400, "Sign-in cancelled")
    assert f"/login/{issuer.name}" in answer.text
    assert (count_of(service, UserRow), waiting_in(service)) == (0, (0, 0))
    assert sign_in(browser, issuer).status_code == 303


def test_a_disabled_account_stays_shut(met):
    service, google = met("google")
    sign_in(service.client(), google)
    user = user_row(service, google.person.email)
    service.parts.flows.accounts.disable(user["id"], STAFF)
    answer = sign_in(browser := service.client(), google)
    assert (answer.status_code, heading(answer)) == (403, "Account disabled")
    assert me(browser) is None


def test_a_disabled_account_is_not_linked_either(met):
    service, google = met("google")
    user = join(service, google.person.email)
    service.parts.flows.accounts.disable(user.id, STAFF)
    answer = sign_in(service.client(), google)
    assert (answer.status_code, identities_in(service)) == (403, [])


@pytest.mark.case("SES-01")
def test_a_browser_gets_a_fresh_session_and_its_earlier_one_ends(met):
    service, google = met("google")
    browser = service.client()
    sign_in(browser, google)
    before = secret_of(browser)
    sign_in(browser, google)
    assert secret_of(browser) != before
    thief = service.client()
    thief.inner.set_cookie("masthead", before)
    assert me(thief) is None


@pytest.mark.parametrize("kind", KINDS)
def test_forgot_password_adds_a_password_to_an_account_of_a_provider(met, kind):
    service, issuer = met(kind)
    sign_in(service.client(), issuer)
    email = issuer.person.email
    service.deliver()
    service.mailbox.clear()
    browser = service.client()
    assert "Check your inbox" in browser.form("/forgot-password", email=email).text
    (letter,) = letters_to(service, email)
    text = " ".join(letter.message.get_body(("plain",)).get_content().split())
    assert letter.message["Subject"].startswith("Add a password to your account")
    assert f"because you sign in with {service.parts.flows.linking.labels[issuer.name]}." in text
    assert "adds a password to your existing account" in text
    browser.get(letter.link("/reset-password"))
    assert browser.form("/reset-password", password="quiet harbour at noon").status_code == 303
    assert log_in(browser, email, "quiet harbour at noon").status_code == 200
    user = me(browser)
    assert (user["has_password"], user["providers"]) == (True, [issuer.name])
    again = service.client()
    sign_in(again, issuer)
    assert me(again)["id"] == user["id"]
