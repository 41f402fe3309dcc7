"""A reader comes from another service, and goes back signed in."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from authlib.oidc.core.util import create_half_hash

from service.store.schema import AuditRow
from tests.flows.people import count_of
from tests.oidc.test_service_tokens import decoded
from tests.support.pages import hidden_fields
from tests.support.people import ADDRESS, PASSWORD, VISIT, add_reader, signed_in
from tests.support.relying_party import REDIRECT, RelyingParty, a_site, told


@pytest.mark.case("OPV-16", "OPV-26", "OPV-30", "OPV-31", "OPV-37")
def test_from_sign_in_to_userinfo(service, reader):
    party, browser = a_site(service), service.client()
    sent = browser.get(party.wish(login_hint="somebody@example.org"))
    assert sent.status_code == 303
    assert sent.headers["Location"].startswith("/login?next=%2Foauth%2Fauthorize")
    page = browser.get(sent.headers["Location"])
    assert 'value="somebody@example.org"' in page.text
    signed = browser.request(
        "POST", "/login", data=hidden_fields(page.text) | {"email": ADDRESS, "password": PASSWORD}
    )
    assert signed.status_code == 303
    back = told(browser.follow(signed))
    assert (back["state"], back["iss"]) == ("state of the client", service.settings.public_url)
    answer = party.redeem(back["code"])
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    tokens = answer.json
    assert (tokens["token_type"], tokens["scope"]) == ("Bearer", "openid profile email")
    header, claims = decoded(service, tokens["id_token"])
    assert (header["typ"], claims["nonce"], claims["aud"]) == ("JWT", "a nonce", party.client.id)
    assert (claims["sub"], claims["amr"]) == (str(reader.id), ["pwd"])
    assert claims["at_hash"] == create_half_hash(tokens["access_token"], "ES256").decode()
    assert (claims["exp"] - claims["iat"], claims["iat"] - claims["auth_time"] < 60) == (300, True)
    known = {"sub": str(reader.id), "name": "Ada", "locale": "de", "email": ADDRESS, "email_verified": True}
    assert party.get("/oauth/userinfo", bearer=tokens["access_token"]).json == known
    assert party.call("/oauth/userinfo", headers={}, access_token=tokens["access_token"]).json == known
    assert party.introspect(tokens["access_token"])["sub"] == str(reader.id)


@pytest.mark.case("OPV-01", "OPV-03", "OPV-15", "OPV-33")
def test_an_address_nobody_registered_ends_in_a_page(service, browser):
    party = a_site(service)
    bare = RelyingParty(service, scopes=("users:read",))
    wrong = (
        *(f"{REDIRECT}/more", f"{REDIRECT}/../callback", f"{REDIRECT}?a=b", f"{REDIRECT}#x", f"{REDIRECT}/"),
        *(REDIRECT.upper(), "https://comments.example:443/callback", "https://a@comments.example/callback"),
        *("https://commentsXexample/callback", "https://comments.example/%63allback", "https://evil.example"),
        *("javascript:alert(1)", '"', "\u00e9", None),
    )
    pages = [browser.get(party.wish(redirect_uri=uri)) for uri in wrong]
    pages.append(browser.get(party.wish() + "&redirect_uri=https://evil.example"))
    pages += [browser.get(party.wish(client_id=name)) for name in ("nobody", "", "\u00e9\x00", None)]
    pages.append(browser.get(party.wish(client_id=bare.client.id)))
    pages += [
        browser.get(party.wish(redirect_uri="https://evil.example", response_type=t)) for t in ("token", "x")
    ]
    service.parts.flows.clients.disable(party.client.id, VISIT)
    pages.append(browser.get(party.wish()))
    for page in pages:
        assert (page.status_code, page.mimetype) == (400, "text/html")
        assert "Location" not in page.headers


@pytest.mark.case("OPV-08", "OPV-09", "OPV-12", "OPV-13", "OPV-15", "OPV-32", "OPV-33")
@pytest.mark.parametrize("public", [True, False])
def test_what_else_is_wrong_is_told_to_the_client(make_service, sqlite_url, public):
    service = make_service(sqlite_url)
    add_reader(service)
    party, browser = a_site(service, public=public), signed_in(service)
    wrong = {
        "unsupported_response_type": [
            *({"response_type": kind} for kind in ("token", "id_token", "none", "code token", 'a"', "\\")),
        ],
        "invalid_request": [
            *({"code_challenge": None}, {"code_challenge_method": None}, {"code_challenge_method": "plain"}),
            *({"code_challenge": "short"}, {"response_type": None}, {"response_mode": "fragment"}),
            *({"prompt": "none login"}, {"prompt": "dance"}, {"max_age": "-1"}, {"max_age": "soon"}),
            *({"id_token_hint": "garbage"}, {"code_challenge": None, "code_challenge_method": None}),
        ],
        "invalid_scope": [{"scope": "users:read"}, {"scope": None}],
        "request_not_supported": [{"request": "x.y.z"}],
        "request_uri_not_supported": [{"request_uri": "http://127.0.0.1:9/x"}],
        "registration_not_supported": [{"registration": "{}"}],
    }
    for error, requests in wrong.items():
        for changes in requests:
            heard = told(browser.get(party.wish(**changes)))
            assert heard["error"] == error, changes
            assert (heard["state"], heard["iss"]) == ("state of the client", service.settings.public_url)


@pytest.mark.case("OPV-12")
def test_a_reader_cannot_give_what_is_not_theirs(service, browser):
    scopes = ("openid", "email", "users:read")
    party = a_site(service, scopes=scopes, grants=("authorization_code", "client_credentials"))
    assert party.tokens(browser, scope="openid email profile users:read")["scope"] == "openid email"


@pytest.mark.case("OPV-17", "ENU-11")
def test_a_client_may_want_nobody_to_be_asked_or_everybody(service, browser, reader):
    party = a_site(service)
    assert told(service.client().get(party.wish(prompt="none")))["error"] == "login_required"
    assert (
        told(service.client().get(party.wish(prompt="none", login_hint=ADDRESS)))["error"] == "login_required"
    )
    first = party.tokens(browser, prompt="none")
    assert told(browser.get(party.wish(prompt="none", max_age="0")))["error"] == "login_required"
    for changes in ({"prompt": "login"}, {"max_age": "0"}, {"prompt": "select_account"}):
        sent = browser.get(party.wish(**changes))
        assert "again=1" in sent.headers["Location"], changes
        again = browser.get(dict(parse_qsl(urlsplit(sent.headers["Location"]).query))["next"])
        assert "again=1" in again.headers["Location"]  # going back without signing in is no sign-in
        page = browser.get(sent.headers["Location"])
        form = hidden_fields(page.text) | {"email": ADDRESS, "password": PASSWORD}
        signed = browser.request("POST", "/login", data=form)
        second = party.redeem(told(browser.follow(signed))["code"]).json
        earlier, later = (decoded(service, tokens["id_token"])[1] for tokens in (first, second))
        assert later["auth_time"] >= earlier["auth_time"]
        assert later["sub"] == earlier["sub"]
    assert party.refresh(first["refresh_token"]).status_code == 200  # signing in again ended nothing


@pytest.mark.case("OPV-17", "OPV-26")
def test_a_client_may_mean_one_reader(service, browser):
    party = a_site(service)
    hint = party.tokens(browser)["id_token"]
    assert "code" in told(browser.get(party.wish(prompt="none", id_token_hint=hint)))
    add_reader(service, "other@example.org")
    other = signed_in(service, "other@example.org")
    assert told(other.get(party.wish(prompt="none", id_token_hint=hint)))["error"] == "login_required"
    assert "again=1" in other.get(party.wish(id_token_hint=hint)).headers["Location"]
    access_token = party.tokens(browser)["access_token"]
    assert told(browser.get(party.wish(id_token_hint=access_token)))["error"] == "invalid_request"


@pytest.mark.case("OPV-18")
def test_a_third_party_is_asked_for_once_and_not_around_the_reader(service, browser):
    party = a_site(service, first_party=False)
    assert told(browser.get(party.wish(prompt="none")))["error"] == "consent_required"
    page = browser.get(party.wish(scope="openid email"))
    assert page.status_code == 200
    assert "Comments" in page.text
    assert "comments.example" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' " in policy
    assert " https://comments.example" in policy
    fields = hidden_fields(page.text)
    forged = browser.request("POST", "/oauth/consent", data=fields | {"csrf_token": "x", "decision": "allow"})
    elsewhere = browser.request(
        "POST",
        "/oauth/consent",
        data=fields | {"decision": "allow"},
        headers={"Origin": "https://evil.example"},
    )
    assert (forged.status_code, elsewhere.status_code) == (403, 403)
    refused = browser.request("POST", "/oauth/consent", data=fields | {"decision": "deny"})
    assert told(refused)["error"] == "access_denied"
    agreed = browser.request("POST", "/oauth/consent", data=fields | {"decision": "allow"})
    assert party.redeem(told(agreed)["code"]).status_code == 200
    assert "code" in told(browser.get(party.wish(scope="openid email", prompt="none")))
    assert browser.get(party.wish(scope="openid email profile")).status_code == 200  # more than was agreed to
    assert browser.get(party.wish(scope="openid", prompt="consent")).status_code == 200
    kinds = ("consent.given",)
    assert [count_of(service, AuditRow, AuditRow.kind == kind) for kind in kinds] == [1]


@pytest.mark.case("OPV-31")
def test_a_form_of_the_client_is_read_again_as_a_link(service, browser):
    party = a_site(service)
    form = dict(parse_qsl(urlsplit(party.wish()).query))
    headers = {"Origin": "https://comments.example", "Sec-Fetch-Site": "cross-site"}
    sent = browser.request("POST", "/oauth/authorize", data=form, headers=headers)
    assert sent.status_code == 303
    assert "code" in told(browser.follow(sent))


def test_after_a_form_of_ours_the_way_to_the_client_is_a_page(service, browser):
    page = browser.get(a_site(service).wish(), headers={"Sec-Fetch-Site": "same-origin"})
    assert (page.status_code, 'http-equiv="refresh"' in page.text) == (200, True)
    assert f"{REDIRECT}?code=" in page.text
