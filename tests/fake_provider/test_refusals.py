"""What the stand-in refuses, because the real providers do."""

import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey

from service.fake_provider.issuer import utc_now
from tests.fake_provider.client import (
    VERIFIER,
    answered,
    apple_secret,
    authorize_url,
    callback,
    credentials,
    discovered,
    exchange,
    post,
)

MISTAKES = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"state": None}, "invalid_request"),
    ({"nonce": None}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"scope": "openid everything"}, "invalid_scope"),
]


@pytest.mark.parametrize(("changes", "error"), [*MISTAKES, ({"scope": "email"}, "invalid_scope")])
def test_google_shows_a_mistaken_request_on_a_page(google, changes, error):
    page = google.browser.get(authorize_url(google, **changes))
    assert page.status_code == 400
    assert error in page.text


@pytest.mark.parametrize(("changes", "error"), [*MISTAKES, ({"scope": "email"}, "invalid_scope")])
def test_the_plain_kind_tells_the_client(issuer, changes, error):
    page = issuer.browser.get(authorize_url(issuer, **changes))
    assert page.status_code == 303
    assert page.headers["Location"].startswith(f"{callback(issuer)}?")
    answer = parse_qs(urlsplit(page.headers["Location"]).query)
    assert answer["error"] == [error]
    assert answer["iss"] == [issuer.url]
    assert answer.get("state") == (None if changes.get("state", "") is None else ["the-state"])


@pytest.mark.parametrize(("changes", "error"), MISTAKES)
def test_apple_shows_a_mistaken_request_on_a_page(apple, changes, error):
    page = apple.browser.get(authorize_url(apple, **changes))
    assert page.status_code == 400
    assert error in page.text


@pytest.mark.parametrize("scope", ["name", "email", "openid email name"])
@pytest.mark.parametrize("mode", [None, "query"])
def test_apple_gives_names_and_addresses_to_a_form_only(apple, scope, mode):
    page = apple.browser.get(authorize_url(apple, scope=scope, response_mode=mode))
    assert page.status_code == 400
    assert "response_mode must be form_post when name or email scope is requested" in page.text


def test_apple_without_scopes_may_redirect(apple):
    answer = apple.answer(authorize_url(apple, scope="openid", response_mode=None))
    assert answer.method == "GET"
    assert "user" not in answer.url


def test_apple_takes_no_plus_sign_between_scopes(apple):
    page = apple.browser.get(authorize_url(apple).replace("name%20email", "name+email"))
    assert page.status_code == 400
    assert "invalid_scope" in page.text


@pytest.mark.parametrize("kind", ["google", "apple", "plain"])
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"redirect_uri": None},
        {"redirect_uri": "http://localhost:8000/login/another/callback"},
        {"redirect_uri": "http://localhost:8000/login/google/callback/"},
        {"redirect_uri": "https://evil.example/"},
    ],
)
def test_nothing_is_sent_to_an_address_that_is_not_registered(make_issuer, kind, changes):
    provider = make_issuer(kind)
    for method in ("GET", "POST"):
        page = provider.browser.request(method, authorize_url(provider, **changes))
        assert page.status_code in (400, 401)
        assert "Location" not in page.headers


def test_a_parameter_given_twice_is_refused(google):
    page = google.browser.get(f"{authorize_url(google)}&redirect_uri=https://evil.example/")
    assert page.status_code == 400


def test_the_answer_is_checked_like_the_question(google):
    form = {"person": google.person.subject}
    assert google.browser.post(authorize_url(google, nonce=None), data=form).status_code == 400
    assert google.browser.post(authorize_url(google), data={"person": "nobody"}).status_code == 400


@pytest.mark.parametrize("kind", ["google", "apple", "plain"])
def test_a_code_works_once(make_issuer, kind):
    provider = make_issuer(kind)
    code = answered(provider)["code"]
    assert exchange(provider, code).status_code == 200
    again = exchange(provider, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "unknown"}, "invalid_grant"),
        ({"code": None}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:8000/login/another/callback"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": VERIFIER[:-1]}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": None}, "invalid_client"),
        ({"client_id": "another"}, "invalid_client"),
    ],
)
@pytest.mark.parametrize("kind", ["google", "apple", "plain"])
def test_no_token_for_a_wrong_exchange(make_issuer, kind, changes, error):
    provider = make_issuer(kind)
    refused = exchange(provider, **{"code": answered(provider)["code"]} | changes)
    assert refused.json()["error"] == error
    at_the_door = error == "invalid_client" and kind != "apple"  # Apple answers 400 to everything
    assert refused.status_code == (401 if at_the_door else 400)


def test_a_wrong_attempt_costs_the_code(google):
    code = answered(google)["code"]
    assert exchange(google, code, code_verifier="wrong").status_code == 400
    assert exchange(google, code).status_code == 400


def test_a_code_lives_a_minute(make_issuer):
    passed = timedelta()
    provider = make_issuer("google", clock=lambda: utc_now() + passed)
    code = answered(provider)["code"]
    passed = timedelta(seconds=61)
    assert exchange(provider, code).json()["error"] == "invalid_grant"


def test_a_client_may_name_itself_in_the_header_but_not_twice(issuer):
    basic = (issuer.client_id, issuer.client_secret)
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": callback(issuer),
        "code_verifier": VERIFIER,
        "code": answered(issuer)["code"],
    }
    assert post(issuer, "token", form, auth=basic).status_code == 200
    twice = post(issuer, "token", form | credentials(issuer), auth=basic)
    assert twice.json()["error"] == "invalid_request"
    wrong = post(issuer, "token", form, auth=(issuer.client_id, "wrong"))
    assert wrong.headers["WWW-Authenticate"].startswith("Basic")


def test_a_public_client_shows_the_verifier_alone(make_issuer):
    provider = make_issuer("plain", public_client=True)
    assert discovered(provider)["token_endpoint_auth_methods_supported"] == ["none"]
    code = answered(provider)["code"]
    assert exchange(provider, code, client_secret="guessed").json()["error"] == "invalid_client"
    assert exchange(provider, code, client_secret=None).status_code == 200


NOW = int(time.time())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "ANOTHER000"}, "iss"),
        ({"sub": "another"}, "sub"),
        ({"aud": "https://appleid.apple.com"}, "aud"),
        ({"iat": NOW - 600, "exp": NOW - 300}, "expired"),
        ({"iat": NOW, "exp": NOW + 200 * 86400}, "six months"),
        ({"iat": NOW + 200 * 86400, "exp": NOW + 201 * 86400}, "iat"),
        ({"exp": "tomorrow"}, "exp"),
        ({"header": {"kid": "KEY0000000"}}, "kid"),
        ({"key": ECKey.generate_key("P-256")}, "cannot be verified"),
    ],
)
def test_apple_refuses_a_wrong_client_secret(apple, changes, reason):
    refused = exchange(apple, answered(apple)["code"], client_secret=apple_secret(apple, **changes))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    assert reason in refused.json()["error_description"]


def test_revoking_asks_who_you_are(issuer):
    assert post(issuer, "revocation", {"token": "x"}).status_code == 401
    assert post(issuer, "revocation", {"token": "x"} | credentials(issuer)).status_code == 200
    assert post(issuer, "revocation", credentials(issuer)).json()["error"] == "invalid_request"
