"""A client that does everything right, for tests that then do one thing wrong."""

import base64
import hashlib
import time
from urllib.parse import quote, urlencode

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.support.issuer import KEY_ID, TEAM_ID

VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def callback(issuer):
    return f"http://localhost:8000/login/{issuer.name}/callback"


def authorize_url(issuer, **changes):
    """The address the browser is sent to. A change to None leaves a parameter out."""
    apple = issuer.kind == "apple"
    query = {
        "client_id": issuer.client_id,
        "redirect_uri": callback(issuer),
        "response_type": "code",
        "scope": "name email" if apple else "openid email profile",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "response_mode": "form_post" if apple else None,
    } | changes
    given = {name: value for name, value in query.items() if value is not None}
    return f"{discovered(issuer)['authorization_endpoint']}?{urlencode(given, quote_via=quote)}"


def discovered(issuer):
    return issuer.browser.get(f"{issuer.url}/.well-known/openid-configuration").json()


def apple_secret(apple, key=None, header=None, **claims):
    """Apple's client secret: a JWT signed by the client."""
    now = int(time.time())
    good = {"iss": TEAM_ID, "sub": apple.client_id, "aud": apple.url, "iat": now, "exp": now + 300}
    key = key or ECKey.import_key(apple.private_key)
    return jwt.encode({"alg": "ES256", "kid": KEY_ID} | (header or {}), good | claims, key)


def credentials(issuer):
    secret = apple_secret(issuer) if issuer.kind == "apple" else issuer.client_secret
    return {"client_id": issuer.client_id, "client_secret": secret}


def post(issuer, name, form, **options):
    """POST a form to an endpoint of the provider's metadata."""
    return issuer.browser.post(discovered(issuer)[f"{name}_endpoint"], data=form, **options)


def exchange(issuer, code, **changes):
    """Ask for tokens. A change to None leaves a field out."""
    form = credentials(issuer) | {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback(issuer),
        "code_verifier": VERIFIER,
    }
    form |= changes
    return post(issuer, "token", {name: value for name, value in form.items() if value is not None})


def answered(issuer, **changes):
    """What the browser brings back: the fields, from the query or the form."""
    answer = issuer.answer(authorize_url(issuer, **changes))
    return answer.form or dict(httpx2.URL(answer.url).params)


def signed_in(issuer, **changes):
    """Go the whole way, and return the answer of the token endpoint."""
    tokens = exchange(issuer, answered(issuer, **changes)["code"])
    assert tokens.status_code == 200, tokens.text
    return tokens.json()


def verified_claims(issuer, id_token):
    """The claims, if a published key has signed them."""
    keys = KeySet.import_key_set(issuer.browser.get(discovered(issuer)["jwks_uri"]).json())
    return jwt.decode(id_token, keys, algorithms=["RS256"]).claims
