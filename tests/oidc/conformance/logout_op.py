"""The plan "RP-Initiated Logout OP", module by module, as questions answered by yes."""

from collections.abc import Callable
from urllib.parse import urlencode

from tests.oidc.conformance.world import HOME, World
from tests.support.people import signed_in

Outcome = tuple[str, bool]
ASKED, GONE, BACK = "a page asks", "a page says so", "back at the client"


def log_out(world: World, *, hint: str | None = "good", **parameters: str) -> Outcome:
    """Where a reader ends, and whether still signed in; `hint` is what becomes of a good ID token on the way."""
    world.browser = signed_in(world.service)
    token = world.party.tokens(world.browser)["id_token"]
    hints = {"good": token, "bad": "x.y.z", "modified": f"{token[:-8]}AAAAAAAA"}
    given = ({"id_token_hint": hints[hint]} if hint else {}) | parameters
    answer = world.browser.get(f"/oauth/logout?{urlencode(given)}")
    still_in = world.browser.get("/api/v1/session").status_code == 200
    if answer.status_code == 303:
        assert answer.headers["Location"].startswith(HOME)
        state = answer.headers["Location"].partition("state=")[2]
        return f"{BACK} {state}".strip(), still_in
    return (ASKED if "/oauth/logout/confirm" in answer.text else GONE), still_in


def described(world: World) -> bool:
    """Whether the configuration names an address for signing out that is there."""
    found = world.browser.get("/.well-known/openid-configuration").json
    assert found is not None
    place = found["end_session_endpoint"]
    assert place.startswith(found["issuer"])
    return world.browser.get(place.removeprefix(found["issuer"])).status_code == 200


SAFE = ((ASKED, True), (GONE, False))
MODULES: dict[str, Callable[[World], bool]] = {
    "oidcc-rp-initiated-logout-discovery-endpoint-verification": described,
    "oidcc-rp-initiated-logout": lambda w: (
        log_out(w, post_logout_redirect_uri=HOME, state="abc") == (f"{BACK} abc", False)
    ),
    "oidcc-rp-initiated-logout-no-state": lambda w: (
        log_out(w, post_logout_redirect_uri=HOME) == (BACK, False)
    ),
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": lambda w: (
        log_out(w, post_logout_redirect_uri="https://evil.example/") in SAFE
    ),
    "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": lambda w: (
        log_out(w, post_logout_redirect_uri=f"{HOME}?foo=bar") in SAFE
    ),
    "oidcc-rp-initiated-logout-bad-id-token-hint": lambda w: (
        log_out(w, hint="bad", post_logout_redirect_uri=HOME) == (ASKED, True)
    ),
    "oidcc-rp-initiated-logout-modified-id-token-hint": lambda w: (
        log_out(w, hint="modified", post_logout_redirect_uri=HOME) == (ASKED, True)
    ),
    "oidcc-rp-initiated-logout-no-id-token-hint": lambda w: (
        log_out(w, hint=None, post_logout_redirect_uri=HOME) == (ASKED, True)
    ),
    "oidcc-rp-initiated-logout-no-params": lambda w: log_out(w, hint=None) == (ASKED, True),
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri": lambda w: log_out(w) == (GONE, False),
    "oidcc-rp-initiated-logout-only-state": lambda w: log_out(w, hint=None, state="abc") == (ASKED, True),
}
