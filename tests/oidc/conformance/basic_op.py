"""The plan "Basic OP" (`oidcc-basic-certification-test-plan`), module by module, as questions answered by yes.

PKCE is always sent, as the plan allows. Left out are modules about what a provider may leave unoffered and we do:
unsigned ID tokens, the scopes `address` and `phone`, request objects that are understood. Claims come by scope alone: a
request for single ones succeeds, as the plan wants, and gives nothing more.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from time import time

from tests.oidc.conformance.world import World
from tests.support.relying_party import REDIRECT, VERIFIER


def _userinfo_post(world: World, *, in_body: bool) -> bool:
    token = world.party.tokens(world.browser)["access_token"]
    form = {"access_token": token} if in_body else {}
    headers = {} if in_body else {"Authorization": f"Bearer {token}"}
    answer = world.party.call("/oauth/userinfo", headers=headers, **form)
    return bool(answer.json is not None and answer.json["sub"] == world.subject)


def _code_reuse(world: World) -> bool:
    code = world.party.code(world.browser)
    tokens = world.party.redeem(code).json
    again = world.party.redeem(code)
    assert tokens is not None
    assert again.json is not None
    over = world.party.get("/oauth/userinfo", bearer=tokens["access_token"]).status_code == 401
    return over and again.json["error"] == "invalid_grant"


def _code_reuse_later(world: World) -> bool:
    grants, half_a_minute = world.service.parts.flows.grants, timedelta(seconds=30)
    code = world.party.code(world.browser)
    tokens = world.party.redeem(code).json
    assert tokens is not None
    later = replace(grants, clock=lambda: grants.clock() + half_a_minute)
    refused = later.by_code(code, world.party.client) is None
    return refused and world.party.get("/oauth/userinfo", bearer=tokens["access_token"]).status_code == 401


def _secret_in_form(world: World) -> bool:
    party = world.party
    form = {
        "grant_type": "authorization_code",
        "code": party.code(world.browser),
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        "client_id": party.client.id,
        "client_secret": str(party.secret),
    }
    return party.call("/oauth/token", headers={}, **form).status_code == 200


def _refresh(world: World) -> bool:
    tokens = world.party.tokens(world.browser)
    fresh = world.party.refresh(tokens["refresh_token"]).json
    first, second = world.claims(tokens), world.claims(fresh)
    kept = all(first[name] == second[name] for name in ("iss", "sub", "aud", "auth_time"))
    return kept and fresh["access_token"] != tokens["access_token"]


def _hint(world: World) -> bool:
    token = world.party.tokens(world.browser)["id_token"]
    return world.succeeds(prompt="none", id_token_hint=token)


def _prompt_login(world: World) -> bool:
    before = world.claims(world.party.tokens(world.browser))
    return bool(world.signs_in_again(prompt="login")["auth_time"] >= before["auth_time"])


def _max_age(world: World) -> bool:
    claims = world.claims(world.party.tokens(world.browser, max_age="10000"))
    return bool(0 <= time() - claims["auth_time"] <= 10000)


MODULES: dict[str, Callable[[World], bool]] = {
    "oidcc-server": lambda w: w.succeeds(),
    "oidcc-response-type-missing": lambda w: w.error(response_type=None) == "invalid_request",
    "oidcc-idtoken-signature": lambda w: w.claims(w.party.tokens(w.browser))["aud"] == w.party.client.id,
    "oidcc-userinfo-get": lambda w: w.userinfo()["sub"] == w.subject,
    "oidcc-userinfo-post-header": lambda w: _userinfo_post(w, in_body=False),
    "oidcc-userinfo-post-body": lambda w: _userinfo_post(w, in_body=True),
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow": lambda w: w.succeeds(nonce=None),
    "oidcc-scope-profile": lambda w: w.userinfo(scope="openid profile")["name"] == "Ada",
    "oidcc-scope-email": lambda w: w.userinfo(scope="openid email")["email_verified"] is True,
    "oidcc-scope-all": lambda w: (
        {"name", "email"} <= set(w.userinfo(scope="openid profile email address phone"))
    ),
    "oidcc-ensure-other-scope-order-succeeds": lambda w: w.succeeds(scope="email openid"),
    "oidcc-display-page": lambda w: w.succeeds(display="page"),
    "oidcc-display-popup": lambda w: w.succeeds(display="popup"),
    "oidcc-prompt-login": _prompt_login,
    "oidcc-prompt-none-not-logged-in": lambda w: (
        w.error(w.service.client(), prompt="none") == "login_required"
    ),
    "oidcc-prompt-none-logged-in": lambda w: w.succeeds(prompt="none"),
    "oidcc-max-age-1": lambda w: bool(w.signs_in_again(max_age="0")["auth_time"]),
    "oidcc-max-age-10000": _max_age,
    "oidcc-ensure-request-with-unknown-parameter-succeeds": lambda w: w.succeeds(extra="foobar"),
    "oidcc-id-token-hint": _hint,
    "oidcc-login-hint": lambda w: w.succeeds(login_hint="bob@example.com"),
    "oidcc-ui-locales": lambda w: w.succeeds(ui_locales="se"),
    "oidcc-claims-locales": lambda w: w.succeeds(claims_locales="se"),
    "oidcc-ensure-request-with-acr-values-succeeds": lambda w: w.succeeds(acr_values="1 2"),
    "oidcc-codereuse": _code_reuse,
    "oidcc-codereuse-30seconds": _code_reuse_later,
    "oidcc-ensure-registered-redirect-uri": lambda w: (
        w.browser.get(w.party.wish(redirect_uri=f"{REDIRECT}/other")).status_code == 400
    ),
    "oidcc-ensure-post-request-succeeds": lambda w: (
        w.browser.request(
            "POST", w.party.wish().partition("?")[0], data={"client_id": w.party.client.id}
        ).status_code
        == 303
    ),
    "oidcc-server-client-secret-post": _secret_in_form,
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported": lambda w: (
        w.error(request="eyJhbGciOiJub25lIn0.e30.") == "request_not_supported"
    ),
    "oidcc-claims-essential": lambda w: w.succeeds(claims='{"userinfo":{"name":{"essential":true}}}'),
    "oidcc-ensure-request-object-with-redirect-uri": lambda w: (
        w.error(request_uri="https://comments.example/request") == "request_uri_not_supported"
    ),
    "oidcc-refresh-token": _refresh,
    "oidcc-ensure-request-with-valid-pkce-succeeds": lambda w: w.succeeds(),
}
