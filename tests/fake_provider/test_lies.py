"""The provider of the tests: it lies and fails as it is told, and its tokens are what they seem not to be."""

import hmac
import json
import time

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError

from tests.fake_provider.client import authorize_url, discovered, signed_in, verified_claims
from tests.support.forged_tokens import encoded, with_broken_signature
from tests.support.issuer_tokens import NONCE


def header_of(token):
    return jws.extract_compact(token.encode()).headers()


def claims_of(token):
    return json.loads(jws.extract_compact(token.encode()).payload)


def test_a_token_for_an_app_is_good(google, apple):
    for provider in (google, apple):
        claims = verified_claims(provider, provider.id_token())
        assert claims["aud"] == provider.client_id
        assert claims["nonce"] == NONCE
        assert claims["exp"] > time.time()


def test_claims_are_overridden_and_dropped(google):
    claims = verified_claims(google, google.id_token(aud=["a", "b"], email=None, drop=["nonce", "exp"]))
    assert claims["aud"] == ["a", "b"]
    assert claims["email"] is None
    assert not {"nonce", "exp"} & set(claims)


def test_a_token_without_a_signature(google):
    token = google.id_token(algorithm="none")
    assert token.endswith(".")
    assert header_of(token)["alg"] == "none"


@pytest.mark.parametrize("secret", ["the client's", "the public key"])
def test_a_token_signed_with_a_shared_secret(google, secret):
    key = google.public_pem if secret == "the public key" else None
    token = google.id_token(algorithm="HS256", **({"key": key} if key else {}))
    content, _, sealed = token.rpartition(".")
    expected = hmac.digest(key or google.client_secret.encode(), content.encode(), "sha256")
    assert sealed == encoded(expected)


def test_a_token_signed_with_a_strangers_key(google):
    stranger = rsa.generate_private_key(65537, 2048)
    token = google.id_token(key=stranger, header={"jku": "http://evil.example/keys"})
    assert header_of(token)["jku"] == "http://evil.example/keys"
    with pytest.raises(BadSignatureError):
        verified_claims(google, token)


def test_a_broken_signature(google):
    with pytest.raises(BadSignatureError):
        verified_claims(google, with_broken_signature(google.id_token()))


def test_every_answer_can_be_changed(issuer):
    issuer.mutate(
        claims=lambda claims: claims.update(sub="another"),
        header=lambda header: header.update(crit=["new"], new="1"),
        token_response=lambda answer: answer | {"token_type": "MAC"},
        discovery=lambda metadata: metadata.pop("userinfo_endpoint"),
        answer=lambda answer: answer.pop("iss"),
    )
    answer = issuer.answer(authorize_url(issuer))
    assert "iss=" not in answer.url
    tokens = signed_in(issuer)
    assert tokens["token_type"] == "MAC"
    assert header_of(tokens["id_token"])["crit"] == ["new"]
    assert claims_of(tokens["id_token"])["sub"] == "another"
    assert "userinfo_endpoint" not in discovered(issuer)
    issuer.heal()
    assert verified_claims(issuer, signed_in(issuer)["id_token"])["sub"] == issuer.person.subject


def test_the_old_key_can_be_withdrawn(issuer):
    token = issuer.id_token()
    issuer.rotate_keys(keep_old=False)
    with pytest.raises(JoseError):
        verified_claims(issuer, token)


def test_an_endpoint_fails_as_often_as_it_is_told(issuer):
    url = f"{issuer.url}/jwks"
    issuer.fault("jwks", status=500, times=1)
    assert [issuer.browser.get(url).status_code for _ in range(2)] == [500, 200]
    issuer.fault("jwks", redirect="http://127.0.0.1:1/", times=1)
    assert issuer.browser.get(url).headers["Location"] == "http://127.0.0.1:1/"
    issuer.fault("jwks", huge=True, times=1)
    assert len(issuer.browser.get(url).content) > 10_000_000
    issuer.fault("jwks", body="<h1>Sorry</h1>", content_type="text/html", times=1)
    assert issuer.browser.get(url).text == "<h1>Sorry</h1>"
    issuer.fault("jwks", delay=30)
    with pytest.raises(httpx2.ReadTimeout):
        issuer.browser.get(url, timeout=0.2)
    issuer.heal()
    assert issuer.browser.get(url).status_code == 200
    assert len(issuer.asked("jwks")) == 7


def test_a_provider_goes_away_and_comes_back(issuer):
    issuer.stop()
    with pytest.raises(httpx2.ConnectError):
        discovered(issuer)
    issuer.start()
    assert discovered(issuer)["issuer"] == issuer.url


def test_it_remembers_what_it_was_asked(google):
    signed_in(google)
    [exchange] = google.asked("token")
    assert exchange.params["grant_type"] == "authorization_code"
    assert exchange.headers["User-Agent"]


@pytest.mark.parametrize(("spelling", "kind"), [("string", str), ("object", dict), ("array", list)])
def test_apple_tells_of_an_event_in_three_spellings(apple, spelling, kind):
    token = apple.event_token("email-disabled", events_as=spelling)
    claims = verified_claims(apple, token)
    assert isinstance(claims["events"], kind)
    assert claims["jti"]
    assert (claims["iss"], claims["aud"]) == (apple.url, apple.client_id)
    assert apple.event_request(token) == {"json": {"payload": token}}


def test_google_tells_of_a_hijacking(google):
    claims = verified_claims(google, google.event_token("account-disabled", details={"reason": "hijacking"}))
    assert claims["iss"] == f"{google.url}/"
    assert "exp" not in claims
    [(name, event)] = claims["events"].items()
    assert name == "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
    assert event["subject"]["sub"] == google.person.subject
    assert event["reason"] == "hijacking"
    risc = google.browser.get(f"{google.url}/.well-known/risc-configuration").json()
    assert risc["issuer"] == f"{google.url}/"
