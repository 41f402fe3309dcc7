"""The whole way, as an honest client goes it, at each kind of provider."""

import base64
import hashlib
import json
from dataclasses import replace

import httpx2
import pytest

from service.fake_provider.people import CAST
from tests.fake_provider.client import (
    answered,
    authorize_url,
    callback,
    credentials,
    discovered,
    exchange,
    post,
    signed_in,
    verified_claims,
)


@pytest.fixture(params=["google", "apple", "plain"])
def provider(request, make_issuer):
    return make_issuer(request.param)


def test_a_person_signs_in(provider):
    tokens = signed_in(provider)
    claims = verified_claims(provider, tokens["id_token"])
    assert claims["iss"] == provider.url
    assert claims["aud"] == provider.client_id
    assert claims["sub"] == provider.person.subject
    assert claims["nonce"] == "the-nonce"
    assert claims["email"] == provider.person.email
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert 0 < claims["exp"] - claims["iat"] <= 86400


def test_the_metadata_names_what_is_there(provider):
    metadata = discovered(provider)
    assert metadata["issuer"] == provider.url
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["id_token_signing_alg_values_supported"] == ["RS256"]
    keys = provider.browser.get(metadata["jwks_uri"]).json()["keys"]
    assert [set(key) & {"d", "p", "q"} for key in keys] == [set()]


def test_google_speaks_of_a_workspace_and_of_names(google):
    google.person = CAST["google"][1]
    claims = verified_claims(google, signed_in(google)["id_token"])
    assert claims["hd"] == "newsroom.example"
    assert claims["email_verified"] is True
    assert claims["given_name"] == "Ben"


def test_a_scope_not_asked_for_is_not_answered(google):
    claims = verified_claims(google, signed_in(google, scope="openid")["id_token"])
    assert not {"email", "name"} & set(claims)


def test_google_hands_out_a_refresh_token_when_asked(google):
    assert "refresh_token" not in signed_in(google)
    assert signed_in(google, access_type="offline")["refresh_token"]


def test_the_plain_kind_names_itself_beside_the_code(issuer, google):
    assert answered(issuer)["iss"] == issuer.url
    assert discovered(issuer)["authorization_response_iss_parameter_supported"] is True
    assert "iss" not in answered(google)


def test_userinfo_answers_the_bearer(issuer):
    tokens = signed_in(issuer)
    url = discovered(issuer)["userinfo_endpoint"]
    known = issuer.browser.get(url, headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert known.json()["sub"] == issuer.person.subject
    unknown = issuer.browser.get(url, headers={"Authorization": "Bearer other"})
    assert unknown.status_code == 401
    assert unknown.json()["error"] == "invalid_token"


def test_apple_has_no_userinfo(apple):
    assert "userinfo_endpoint" not in discovered(apple)


def test_apple_posts_the_answer_and_tells_the_name_the_first_time_only(apple):
    first = apple.answer(authorize_url(apple))
    assert (first.method, first.url) == ("POST", callback(apple))
    assert json.loads(first.form["user"]) == {
        "name": {"firstName": "Ada", "lastName": "Apple"},
        "email": "ada.reader@icloud.com",
    }
    second = apple.answer(authorize_url(apple))
    assert "user" not in second.form
    assert set(second.form) == {"code", "state"}


def test_a_revoked_person_is_new_to_apple_again(apple):
    tokens = exchange(apple, answered(apple)["code"]).json()
    form = {"client_id": apple.client_id, "token": tokens["refresh_token"]}
    assert post(apple, "revocation", form).json()["error"] == "invalid_client"
    assert apple.revoked == []
    assert post(apple, "revocation", form | credentials(apple)).status_code == 200
    assert apple.revoked == [tokens["refresh_token"]]
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert post(apple, "token", credentials(apple) | again).json()["error"] == "invalid_grant"
    assert "user" in answered(apple)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (0, {"email": "ada.reader@icloud.com", "email_verified": "true"}),
        (
            1,
            {
                "email": "b4x7relay1@privaterelay.appleid.com",
                "email_verified": "true",
                "is_private_email": "true",
            },
        ),
        (2, {}),
        (3, {"email": "dan@mail.example", "email_verified": "false"}),
    ],
)
def test_apple_says_true_and_false_in_text(apple, who, expected):
    apple.person = CAST["apple"][who]
    claims = verified_claims(apple, signed_in(apple)["id_token"])
    assert {name: claims[name] for name in claims if "email" in name} == expected


def test_apple_refreshes(apple):
    tokens = signed_in(apple)
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = post(apple, "token", credentials(apple) | again).json()
    assert verified_claims(apple, answer["id_token"])["sub"] == apple.person.subject
    assert "refresh_token" not in answer


def test_anybody_can_be_the_next_person(google):
    google.person = replace(google.person, subject="42", email="somebody@else.example", email_verified=None)
    claims = verified_claims(google, signed_in(google)["id_token"])
    assert claims["sub"] == "42"
    assert "email_verified" not in claims


def test_a_reader_who_cancels_comes_back_with_the_providers_own_error(provider):
    method, url, form = provider.answer(authorize_url(provider), cancel=True)
    fields = form or dict(httpx2.URL(url).params)
    apple = provider.kind == "apple"
    assert fields["error"] == ("user_cancelled_authorize" if apple else "access_denied")
    assert fields["state"] == "the-state"
    assert method == ("POST" if apple else "GET")


def test_a_new_key_signs_and_the_old_one_stays_published(provider):
    before = signed_in(provider)["id_token"]
    provider.rotate_keys()
    after = signed_in(provider)["id_token"]
    assert verified_claims(provider, before)["sub"] == verified_claims(provider, after)["sub"]
    assert before.split(".")[0] != after.split(".")[0]
