"""What a provider says is believed when everything about it is right, through the browser's flow and from an app."""

import json

import pytest

from service.fake_provider.issuer import new_key
from service.store.schema import IdentityRow, UserRow
from tests.flows.at_providers import heading, identities_in, me, sign_in, with_id_token
from tests.flows.lies import CLAIMS, MISSING, SIGNATURES, Lie, claims_of, now
from tests.flows.people import code_of, count_of, join, letters_to
from tests.support.forged_tokens import encoded, token, with_broken_signature

LIES = SIGNATURES | CLAIMS


@pytest.fixture
def service(make_service, sqlite_url, google):
    return make_service(sqlite_url, **google.settings)


def through_the_browser(service, issuer, lie):
    """Sign in at a provider that answers with this lie."""

    def change(told):
        told["id_token"] = lie.told(issuer, told["id_token"])

    issuer.mutate(token_response=change)
    browser = service.client()
    answer = sign_in(browser, issuer)
    issuer.heal()
    return browser, answer


def is_not_believed(service, issuer, name, lie):
    browser, answer = through_the_browser(service, issuer, lie)
    assert (answer.status_code, heading(answer)) == (400, "Sign-in did not work"), name
    assert me(browser) is None, name
    app = service.client()
    answer = with_id_token(app, issuer, lie.told(issuer, issuer.id_token()))
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_id_token"), name
    assert me(app) is None, name
    assert count_of(service, UserRow) == count_of(service, IdentityRow) == 0


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.case(case)) for case in sorted({name[:6] for name in LIES})]
)
def test_a_token_that_is_not_right_is_refused(service, google, case):
    for name, lie in LIES.items():
        if name.startswith(case):
            is_not_believed(service, google, name, lie)
    assert [asked for asked in google.requests if "attacker" in asked.endpoint] == []


@pytest.mark.case("OAC-17")
@pytest.mark.parametrize("kind", ["apple", "issuer"])
@pytest.mark.parametrize("told", ["https://appleid.apple.com", "https://account.apple.com", "attacker"])
def test_the_issuer_is_the_configured_one_for_everybody(
    make_service, sqlite_url, make_issuer, request, kind, told
):
    issuer = request.getfixturevalue(kind)
    attacker = make_issuer("plain", name="attacker")
    service = make_service(sqlite_url, **issuer.settings)
    lie = Lie({"iss": attacker.url if told == "attacker" else told})
    _, answer = through_the_browser(service, issuer, lie)
    assert answer.status_code == 400
    assert attacker.requests == []


@pytest.mark.case("OAC-17")
def test_an_issuer_with_good_keys_of_its_own_is_not_asked_for_them(
    make_service, sqlite_url, apple, make_issuer
):
    attacker = make_issuer("apple", name="attacker", key=new_key())
    service = make_service(sqlite_url, **apple.settings)
    answer = with_id_token(service.client(), apple, attacker.id_token(aud=apple.client_id))
    assert (answer.status_code, code_of(answer)) == (401, "invalid_id_token")
    assert attacker.requests == []


GOOD = {
    "an audience in a list": Lie({"aud": lambda i: [i.client_id]}),
    "without azp": Lie({"azp": MISSING}),
    "extras with our azp": Lie({"aud": lambda i: [i.client_id, "another"]}),
    "over for 50 seconds": Lie({"exp": now(-50)}),
    "50 seconds ahead": Lie({"iat": now(50), "nbf": now(50)}),
    "no at_hash": Lie({"at_hash": MISSING}),
    "a subject of 255 characters": Lie({"sub": "s" * 255}),
    "headers that are ignored": Lie(header={"jku": "https://attacker.example", "x5t": "abc", "cty": "JWT"}),
}


@pytest.mark.case("OAC-12", "OAC-18", "OAC-19", "OAC-20")
@pytest.mark.parametrize("lie", GOOD.values(), ids=GOOD)
def test_what_is_only_unusual_is_believed(service, google, lie):
    browser, answer = through_the_browser(service, google, lie)
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/account")
    assert me(browser)["email"] == google.person.email
    assert with_id_token(service.client(), google, lie.told(google, google.id_token())).status_code == 200


@pytest.mark.case("OAC-11")
def test_an_access_token_that_was_swapped_is_refused(service, google):
    for at_hash in ["wrong", "", None, 5, ["x"], "\ud800"]:
        browser, answer = through_the_browser(service, google, Lie({"at_hash": at_hash}))
        assert (answer.status_code, me(browser)) == (400, None)


@pytest.mark.case("OAC-16")
def test_a_broken_signature_is_refused(service, google):
    google.mutate(token_response=lambda told: told.update(id_token=with_broken_signature(told["id_token"])))
    assert sign_in(service.client(), google).status_code == 400
    answer = with_id_token(service.client(), google, with_broken_signature(google.id_token()))
    assert answer.status_code == 401


@pytest.mark.case("OAC-16")
def test_claims_that_were_changed_after_signing_are_refused(service, google):
    header, payload, signature = google.id_token().split(".")
    changed = claims_of(f"{header}.{payload}.") | {"sub": "somebody else"}
    forged = f"{header}.{encoded(json.dumps(changed).encode())}.{signature}"
    assert with_id_token(service.client(), google, forged).status_code == 401


@pytest.mark.case("OAC-07")
def test_an_answer_without_an_id_token_signs_nobody_in(service, google):
    for told in [MISSING, None, "", 5, ["x"], {"a": 1}]:

        def change(answer, told=told):
            answer.pop("id_token")
            if told is not MISSING:
                answer["id_token"] = told

        google.mutate(token_response=change)
        browser = service.client()
        assert sign_in(browser, google).status_code == 400
        assert me(browser) is None


@pytest.mark.case("OAC-07", "OAC-43")
def test_a_broken_answer_to_a_code_is_a_calm_page(service, google):
    for status, body in [
        (200, "[]"),
        (200, '["id_token"]'),
        (200, '"id_token"'),
        (200, "null"),
        (200, "5"),
        (200, "{"),
        (200, "<html>"),
        (200, '{"id_token": ' + "[" * 30_000),
        (200, b"\xff\xfe{}"),
        (200, '{"expires_in": "soon", "access_token": "a", "id_token": "b"}'),
        (400, "{}"),
        (400, '{"error": ["a"]}'),
        (400, '{"error": "invalid_client"}'),
        (400, "no JSON"),
        (500, "{}"),
        (429, "{}"),
    ]:
        google.heal()
        google.fault("token", status=status, body=body)
        browser = service.client()
        answer = sign_in(browser, google)
        assert answer.status_code in (400, 503), answer.text
        assert answer.text.count("<h1>") == 1
        assert me(browser) is None


def compact(header: bytes, payload: bytes = b"{}", signature: bytes = b"x") -> str:
    return ".".join(encoded(part) for part in (header, payload, signature))


ODD_TOKENS = [
    "",
    ".",
    "..",
    "....",
    "a.b.c",
    "\u00e9.\u00e9.\u00e9",
    compact(b"{}"),
    compact(b"[]"),
    compact(b"5"),
    compact(b"null"),
    compact(b"\xff"),
    compact(b"[" * 5000),
    compact(b'{"alg":"RS256"}', b"[]"),
    compact(b'{"alg":"RS256","b64":false}', b"a.b"),
    compact(b'{"alg":"RS256","kid":{}}'),
    compact(b'{"alg":' + b"1" * 5000 + b"}"),
    compact(b'{"alg":"RS256"}', b"[" * 5000, b"x" * 256),
    "x" * 20_000,
    "a b c.\n.\t",
]


def test_odd_tokens_are_refused(service, google):
    for odd in ODD_TOKENS:
        assert with_id_token(service.client(), google, odd).status_code == 401
        google.mutate(token_response=lambda told, odd=odd: told.update(id_token=odd))
        assert sign_in(service.client(), google).status_code == 400


def test_odd_claims_of_the_provider_itself_are_refused(service, google):
    for payload in [b"[]", b"5", b'"x"', b"null", b"\xff", b"[" * 5000, b"1" * 5000, b""]:
        odd = token(google.issuer.header(), payload, google.issuer.key_for(google.issuer.header()))
        assert with_id_token(service.client(), google, odd).status_code == 401


@pytest.mark.case("OAC-21")
def test_a_profile_of_somebody_else_is_refused(make_service, sqlite_url, issuer):
    service = make_service(sqlite_url, **issuer.settings)
    for told in ["somebody else", None, ["reader-1"], "Reader-1"]:
        issuer.mutate(
            claims=lambda claims: claims.pop("email"),
            userinfo=lambda info, told=told: info.update(sub=told),
        )
        browser = service.client()
        assert sign_in(browser, issuer).status_code == 400
        assert me(browser) is None


@pytest.mark.case("OAC-21")
def test_a_profile_completes_what_the_token_leaves_out(make_service, sqlite_url, issuer):
    service = make_service(sqlite_url, **issuer.settings)
    issuer.mutate(claims=lambda claims: [claims.pop(name) for name in ("email", "email_verified")])
    browser = service.client()
    assert sign_in(browser, issuer).status_code == 303
    assert me(browser)["email"] == issuer.person.email


def test_a_broken_profile_is_a_calm_page(make_service, sqlite_url, issuer):
    service = make_service(sqlite_url, **issuer.settings)
    issuer.mutate(claims=lambda claims: claims.pop("email"))
    for body in ["[]", "{", "null", "<html>", '{"sub": 1}', "[" * 30_000]:
        issuer.faults.clear()
        issuer.fault("userinfo", status=200, body=body)
        assert sign_in(service.client(), issuer).status_code in (400, 503)


def test_odd_tokens_beside_a_good_one_are_no_trouble(make_service, sqlite_url, issuer):
    service = make_service(sqlite_url, **issuer.settings)
    for name in ["access_token", "refresh_token"]:
        for odd in ["\ud800", "\0", "é", "a\r\nX-Evil: 1", "x" * 30_000, 5, None, ["x"], {}]:
            issuer.mutate(
                claims=lambda claims: [claims.pop("email"), claims.pop("at_hash")],
                token_response=lambda told, name=name, odd=odd: told.update({name: odd}),
            )
            assert sign_in(service.client(), issuer).status_code in (303, 400, 503)


UNVERIFIED = [
    False,
    "false",
    "FALSE",
    "False",
    "True",
    "TRUE",
    0,
    1,
    None,
    "yes",
    "",
    [],
    {},
    ["true"],
    MISSING,
]


@pytest.mark.case("OAC-22")
@pytest.mark.parametrize("kind", ["google", "apple", "issuer"])
def test_only_true_verifies_an_address(make_service, sqlite_url, request, kind):
    issuer = request.getfixturevalue(kind)
    service = make_service(sqlite_url, **issuer.settings)
    for said in [*UNVERIFIED, *(["true"] if kind != "apple" else [])]:
        lie = Lie({"email_verified": said})
        browser, answer = through_the_browser(service, issuer, lie)
        assert (answer.headers["Location"], me(browser)) == ("/login/connect/sent", None), said
    assert count_of(service, UserRow) == 0
    for number, said in enumerate([True, "true"] if kind == "apple" else [True]):
        lie = Lie({"email_verified": said, "sub": f"s{number}", "email": f"n{number}@icloud.com"})
        browser, _ = through_the_browser(service, issuer, lie)
        assert me(browser)["email_verified"] is True


NO_ADDRESS = [
    ["ada.reader@gmail.com"],
    ["ada.reader@gmail.com", "evil@attacker.example"],
    {"email": "ada.reader@gmail.com"},
    5,
    True,
    None,
    "",
    "ada.reader",
    "ada.reader@gmail.com\r\nBcc: evil@attacker.example",
    "ada.reader@gmail.com,evil@attacker.example",
    "ada.reader@gmail.com\0",
    "ada.reader@gmail.com evil@attacker.example",
    "\u0430da.reader@gmail.com",
    "ada.reader\uff20gmail.com",
    "ada.reader@gmail.com\ud800",
    "<script>@gmail.com",
    "x" * 8000 + "@gmail.com",
]


@pytest.mark.case("OAC-23")
def test_what_is_no_address_of_ours_is_none(service, google):
    owner = join(service, "ada.reader@gmail.com")
    for number, email in enumerate(NO_ADDRESS):
        lie = Lie({"email": email, "sub": f"reader-{number}"})
        browser, answer = through_the_browser(service, google, lie)
        if answer.status_code == 303:
            assert me(browser)["email"] is None
            assert me(browser)["id"] != str(owner.id)
        else:
            assert answer.status_code == 400
        assert letters_to(service, "ada.reader@gmail.com") == []
        assert service.mailbox.messages == []


@pytest.mark.case("OAC-23")
def test_an_address_of_a_megabyte_is_refused(service, google):
    browser, answer = through_the_browser(service, google, Lie({"email": "x" * 1_000_000}))
    assert (answer.status_code, me(browser)) == (503, None)


@pytest.mark.case("OAC-23")
def test_an_address_is_compared_as_ours_are(service, google):
    owner = join(service, "ada.reader@gmail.com")
    browser, _ = through_the_browser(service, google, Lie({"email": "Ada.Reader@GMAIL.com"}))
    assert me(browser)["id"] == str(owner.id)
    assert len(identities_in(service)) == 1


def test_odd_names_are_cut_or_none(service, google):
    for number, name in enumerate(
        [5, ["x"], {}, None, "", " ", "\u202eevil", "x" * 9000, "<b>Ada</b>", "\ud800", "\0"]
    ):
        lie = Lie({"name": name, "sub": f"reader-{number}", "email": f"reader{number}@gmail.com"})
        browser, answer = through_the_browser(service, google, lie)
        assert answer.status_code == 303
        kept = me(browser)["name"]
        assert kept is None or (isinstance(name, str) and kept == name[:100])
        assert "<b>Ada" not in browser.get("/account").text
