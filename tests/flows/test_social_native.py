"""ID tokens that an app or Google's One Tap was given: for us, with the nonce, once."""

import hashlib

import pytest

from tests.flows.at_providers import me, with_id_token
from tests.flows.people import code_of, is_in, letters_to
from tests.support.issuer_tokens import NONCE


@pytest.fixture(params=["google", "apple"])
def provider(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def service(make_service, sqlite_url, provider):
    return make_service(
        sqlite_url, **provider.settings, **{f"{provider.name}_native_client_ids": "the.app,other.app"}
    )


@pytest.mark.case("OAC-48")
def test_an_app_signs_in_once_with_each_token(make_service, database, provider):
    service = make_service(database, **provider.settings)
    app, token = service.client(), provider.id_token()
    answer = with_id_token(app, provider, token, name="Ada App")
    assert answer.status_code == 200
    assert answer.json["user"]["email"] == provider.person.email
    assert is_in(app)
    again = service.client()
    assert code_of(with_id_token(again, provider, token)) == "invalid_id_token"
    assert me(again) is None


@pytest.mark.case("OAC-48", "OAC-18")
def test_a_token_of_another_client_is_refused_and_one_of_our_apps_is_not(service, provider):
    assert (
        with_id_token(service.client(), provider, provider.id_token(aud="another", drop=["azp"])).status_code
        == 401
    )
    assert (
        with_id_token(service.client(), provider, provider.id_token(aud="the.app", drop=["azp"])).status_code
        == 200
    )


@pytest.mark.case("OAC-48", "OAC-04")
@pytest.mark.parametrize("nonce", [None, "", "another", "é", "\u2028"])
def test_a_token_needs_its_nonce(service, provider, nonce):
    assert with_id_token(service.client(), provider, nonce=nonce).status_code == 401


@pytest.mark.case("OAC-48", "OAC-04")
@pytest.mark.parametrize("nonce", [None, "", NONCE])
def test_a_token_without_a_nonce_is_refused(service, provider, nonce):
    bare = provider.id_token(drop=["nonce"], nonce_supported=False)
    assert with_id_token(service.client(), provider, bare, nonce=nonce).status_code == 401


@pytest.mark.case("OAC-48")
def test_only_apples_apps_may_hash_their_nonce(service, provider):
    hashed = provider.id_token(nonce=hashlib.sha256(NONCE.encode()).hexdigest())
    expected = 200 if provider.name == "apple" else 401
    assert with_id_token(service.client(), provider, hashed).status_code == expected


def test_an_unproven_mailbox_gets_a_letter(service, provider):
    app = service.client()
    answer = with_id_token(app, provider, provider.id_token(email="new@mail.example", email_verified=False))
    assert (answer.status_code, answer.json) == (202, {"status": "confirmation_sent"})
    app.get(letters_to(service, "new@mail.example")[0].link("/login/connect/confirm"))
    assert app.form("/login/connect/confirm").status_code == 303
    assert me(app)["email"] == "new@mail.example"


def one_tap(client, token, cookie="double", field="double", **headers):
    if cookie is not None:
        client.inner.set_cookie("g_csrf_token", cookie)
    return client.request(
        "POST",
        "/login/google",
        data={"credential": token, **({"g_csrf_token": field} if field is not None else {})},
        headers={"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"} | headers,
    )


@pytest.mark.case("OAC-48")
@pytest.mark.parametrize(
    ("cookie", "field"),
    [(None, "double"), ("double", None), ("", ""), ("double", "other"), (None, None), ("é", "e")],
)
def test_one_tap_needs_its_token_twice(make_service, sqlite_url, google, cookie, field):
    browser = make_service(sqlite_url, **google.settings).client()
    assert one_tap(browser, google.id_token(drop=["nonce"]), cookie, field).status_code == 400
    assert me(browser) is None


@pytest.mark.case("OAC-48")
def test_one_tap_signs_in_once(make_service, sqlite_url, google):
    service = make_service(sqlite_url, **google.settings)
    browser, token = service.client(), google.id_token(drop=["nonce"])
    assert one_tap(browser, token).headers["Location"] == "/account"
    assert me(browser)["email"] == google.person.email
    assert one_tap(service.client(), token).status_code == 400
    assert one_tap(service.client(), google.id_token()).status_code == 400  # of a sign-in that had a nonce
    assert one_tap(service.client(), "x" * 40_000).status_code == 400
