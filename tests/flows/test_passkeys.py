"""Passkeys: add one, sign in with one, take one away; and what does not come from the reader's own authenticator."""

from dataclasses import replace

import pytest
from fido2.utils import websafe_encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.core.errors import Unauthenticated
from service.core.factor_errors import InvalidPasskey
from service.core.values import new_id
from service.flows.passkeys import MOST
from service.store.schema import IdentityRow, SessionRow, UserRow
from service.store.schema_second_factors import CeremonyRow, PasskeyRow
from tests.flows.at_providers import sign_in
from tests.flows.factors import (
    PASSKEYS_PATH,
    WITH_PASSWORD,
    add,
    creation_options,
    events,
    guarded,
    new_password,
    passkey_for,
    present,
    request_options,
    show_passkey,
    told_of,
    waiting,
    with_passkey,
)
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    STAFF,
    code_of,
    count_of,
    everything_stored,
    is_in,
    join,
    log_in,
    secret_of,
    signed_in,
    thief_of,
    user_row,
)
from tests.flows.together import at_once
from tests.support.authenticator import FLAG, Authenticator, unsupported
from tests.support.service import Service
from tests.support.smtp import SmtpSink

OTHER = "reader2@example.org"


def listed(browser):
    return browser.get(PASSKEYS_PATH).json


def with_a_passkey(service, email=ADDRESS, **details):
    """A reader with a password and a passkey: a browser that is signed in, and the authenticator."""
    join(service, email, **details)
    browser = signed_in(service, email)
    return browser, passkey_for(service, browser)[0]


@pytest.fixture
def on_sqlite(make_service, sqlite_url):
    return make_service(sqlite_url)


def test_a_passkey_signs_in_alone_and_counts_as_both_factors(service):
    owner, passkey = with_a_passkey(service, name="Ada")
    browser = service.client()
    answer = with_passkey(browser, passkey)
    assert answer.status_code == 200
    assert answer.json["user"]["email"] == ADDRESS
    assert answer.json["session"]["amr"] == ["hwk", "user", "mfa"]
    assert is_in(browser)
    assert browser.inner.get_cookie("masthead").max_age == 90 * 86400
    (one,) = listed(owner)
    assert (one["maybe_copied"], one["last_used_at"] is not None) == (False, True)
    assert told_of(service) == ["passkey_added"]
    assert events(service, "passkey.") == ["passkey.added"]


def test_a_passkey_asks_for_no_code_where_there_is_a_second_factor(clock, service):
    owner, app, _ = guarded(service, clock)
    passkey, _ = passkey_for(service, owner, code=app.next_code())
    browser = service.client()
    assert with_passkey(browser, passkey).status_code == 200
    assert is_in(browser)


@pytest.mark.case("SES-01")
def test_a_passkey_ends_the_session_the_browser_had(service):
    owner, passkey = with_a_passkey(service)
    thief = thief_of(service, owner)
    assert with_passkey(owner, passkey).status_code == 200
    assert [is_in(owner), is_in(thief)] == [True, False]
    assert count_of(service, SessionRow) == 1


def test_a_passkey_is_a_second_factor_of_its_own_account_alone(clock, service):
    owner, app, _ = guarded(service, clock)
    passkey, _ = passkey_for(service, owner, code=app.next_code())
    _, others = with_a_passkey(service, OTHER)
    browser, token = waiting(service)
    refused = show_passkey(browser, token, others.sign(request_options(browser)))
    assert (refused.status_code, code_of(refused), is_in(browser)) == (400, "invalid_passkey", False)
    answer = show_passkey(browser, token, passkey.sign(request_options(browser)))
    assert answer.json["session"]["amr"] == ["pwd", "hwk", "user", "mfa"]
    assert is_in(browser)
    assert code_of(show_passkey(browser, token, passkey.sign(request_options(browser)))) == "expired_token"


@pytest.mark.case("ENU-10")
def test_the_options_are_the_same_for_everybody_and_name_no_account(service):
    with_a_passkey(service)
    options = [request_options(service.client()) for _ in range(3)]
    assert len({one["challenge"] for one in options}) == 3
    assert {repr(one | {"challenge": ""}) for one in options} == {repr(options[0] | {"challenge": ""})}
    assert not options[0].get("allowCredentials")
    assert (options[0]["rpId"], options[0]["userVerification"]) == ("localhost", "required")
    asked = service.client().post("/api/v1/login/passkey/options", {"email": ADDRESS})
    assert ADDRESS not in asked.text


def test_what_a_new_passkey_is_asked_to_be(service):
    owner, _passkey = with_a_passkey(service, name="Ada")
    options = creation_options(owner)
    assert options["user"]["name"] == ADDRESS
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert len(options["excludeCredentials"]) == 1
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]


@pytest.mark.case("MFA-08")
def test_a_challenge_works_once_in_its_browser_for_five_minutes(clock, service):
    _, passkey = with_a_passkey(service)
    browser = service.client()
    options = request_options(browser)
    challenge, answer = secret_of(browser, "masthead-passkey"), passkey.sign(options)
    assert code_of(present(service.client(), answer)) == "invalid_passkey"
    another = service.client()
    request_options(another)
    assert code_of(present(another, answer)) == "invalid_passkey"
    assert present(browser, answer).status_code == 200
    again = service.client()
    again.inner.set_cookie("masthead-passkey", challenge)
    assert code_of(present(again, answer)) == "invalid_passkey"
    late = service.client()
    answer = passkey.sign(request_options(late))
    clock.advance(minutes=5, seconds=1)
    assert code_of(present(late, answer)) == "invalid_passkey"
    assert not is_in(late)


@pytest.mark.case("MFA-08")
def test_a_wrong_answer_uses_the_challenge_up(service):
    _, passkey = with_a_passkey(service)
    browser = service.client()
    options = request_options(browser)
    challenge = secret_of(browser, "masthead-passkey")
    assert present(browser, passkey.sign(options, origin="https://evil.example")).status_code == 400
    browser.inner.set_cookie("masthead-passkey", challenge)
    assert present(browser, passkey.sign(options)).status_code == 400


@pytest.mark.case("MFA-08")
def test_a_challenge_serves_what_and_whom_it_was_made_for(service):
    owner, passkey = with_a_passkey(service)
    join(service, OTHER)
    other = signed_in(service, OTHER)

    def lend(giver, taker):
        taker.inner.set_cookie("masthead-passkey", secret_of(giver, "masthead-passkey"))

    new = Authenticator(service.settings.public_url)
    made_for_owner = new.make(creation_options(owner))
    lend(owner, other)
    assert code_of(add(other, made_for_owner)) == "invalid_passkey"
    browser = service.client()
    options = creation_options(owner)
    lend(owner, browser)
    assert code_of(present(browser, passkey.sign(options))) == "invalid_passkey"
    options = request_options(owner)
    sign_in_challenge = {"challenge": options["challenge"], "user": creation_options(other)["user"]}
    request = new.make(sign_in_challenge | {"user": {"id": "AAAA"}})
    owner.inner.set_cookie("masthead-passkey", options["challenge"])
    assert code_of(add(owner, request)) == "invalid_passkey"
    assert len(listed(owner)) == 1
    assert listed(other) == []


@pytest.mark.case("MFA-08", "MFA-03")
def test_of_many_answers_to_one_challenge_at_once_one_signs_in(service):
    _, passkey = with_a_passkey(service)
    browser = service.client()
    answer = passkey.sign(request_options(browser))
    challenge, browsers = secret_of(browser, "masthead-passkey"), [service.client() for _ in range(8)]
    for one in browsers:
        one.inner.set_cookie("masthead-passkey", challenge)
    before = count_of(service, SessionRow)
    answers = at_once(lambda one: present(one, answer), *([one] for one in browsers))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert count_of(service, SessionRow) == before + 1


LIES = {
    "another origin": {"changed": {"origin": "https://evil.example"}},
    "another port": {"changed": {"origin": "http://localhost:8001"}},
    "a longer host": {"changed": {"origin": "http://localhost.evil.example:8000"}},
    "no origin": {"changed": {"origin": ""}},
    "an origin that is no text": {"changed": {"origin": ["http://localhost:8000"]}},
    "another site": {"passkey": {"rp_id": "evil.example"}},
    "a user who was not verified": {"passkey": {"flags": FLAG.UP}},
    "a user who was not there": {"passkey": {"flags": FLAG.UV}},
    "neither": {"passkey": {"flags": 0}},
    "a frame on another page": {"passkey": {"cross_origin": True}},
    "a frame that is no boolean": {"changed": {"crossOrigin": "yes"}},
    "another challenge": {"changed": {"challenge": "AAAA"}},
    "no challenge": {"changed": {"challenge": ""}},
    "a challenge that is no text": {"changed": {"challenge": 7}},
    "a type that is no text": {"changed": {"type": None}},
}


@pytest.mark.case("MFA-09")
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_was_made_elsewhere_or_without_its_user_neither_signs_in_nor_is_kept(on_sqlite, lie):
    owner, passkey = with_a_passkey(on_sqlite)
    liar, browser = replace(passkey, **lie.get("passkey", {})), on_sqlite.client()
    answer = with_passkey(browser, liar, **lie.get("changed", {}))
    assert (answer.status_code, code_of(answer), is_in(browser)) == (400, "invalid_passkey", False)
    new = Authenticator(on_sqlite.settings.public_url, **lie.get("passkey", {}))
    kept = add(owner, new.make(creation_options(owner), **lie.get("changed", {})))
    assert (kept.status_code, code_of(kept), len(listed(owner))) == (400, "invalid_passkey", 1)
    assert told_of(on_sqlite) == ["passkey_added"]


@pytest.mark.case("MFA-09")
def test_the_halves_of_the_two_ceremonies_are_not_mistaken_for_each_other(on_sqlite):
    owner, passkey = with_a_passkey(on_sqlite)
    browser = on_sqlite.client()
    assert with_passkey(browser, passkey, type="webauthn.create").status_code == 400
    new = Authenticator(on_sqlite.settings.public_url)
    assert add(owner, new.make(creation_options(owner), type="webauthn.get")).status_code == 400
    assert add(owner, passkey.sign(creation_options(owner))).status_code == 400
    options = request_options(browser)
    assert present(browser, new.make(options | {"user": {"id": "AAAA"}})).status_code == 400


@pytest.mark.case("MFA-09")
def test_a_key_of_an_algorithm_that_was_not_offered_is_not_kept(on_sqlite):
    owner, _ = with_a_passkey(on_sqlite)
    new = Authenticator(on_sqlite.settings.public_url)
    answer = add(owner, unsupported(creation_options(owner), new))
    assert (answer.status_code, code_of(answer)) == (400, "invalid_passkey")


@pytest.mark.case("MFA-09")
def test_a_credential_that_somebody_has_is_not_kept_again(service):
    owner, passkey = with_a_passkey(service)
    join(service, OTHER)
    other = signed_in(service, OTHER)
    for reader in (other, owner):
        copy = Authenticator(service.settings.public_url, credential_id=passkey.credential_id)
        answer = add(reader, copy.make(creation_options(reader)))
        assert (answer.status_code, code_of(answer)) == (400, "invalid_passkey")
    assert (len(listed(owner)), listed(other)) == (1, [])
    assert with_passkey(service.client(), passkey).json["user"]["email"] == ADDRESS


@pytest.mark.case("MFA-09")
def test_nobody_signs_in_with_another_reader_s_credential_or_handle(on_sqlite):
    _, passkey = with_a_passkey(on_sqlite)
    _, others = with_a_passkey(on_sqlite, OTHER)
    claims_id = replace(others, credential_id=passkey.credential_id)
    claims_handle = replace(others, user_handle=passkey.user_handle)
    no_handle_of_ours = replace(passkey, user_handle=b"\0" * 16)
    unknown = Authenticator(on_sqlite.settings.public_url, user_handle=passkey.user_handle)
    for liar in (claims_id, claims_handle, no_handle_of_ours, unknown):
        assert code_of(with_passkey(on_sqlite.client(), liar)) == "invalid_passkey"
    assert with_passkey(on_sqlite.client(), others).json["user"]["email"] == OTHER


@pytest.mark.case("MFA-10")
@pytest.mark.parametrize("counter", [0, 4, 5])
def test_a_counter_that_does_not_grow_is_flagged_and_recorded(service, counter):
    join(service)
    owner = signed_in(service)
    passkey, _ = passkey_for(
        service, owner, authenticator=Authenticator(service.settings.public_url, counter=4)
    )
    assert listed(owner)[0]["maybe_copied"] is False
    copy = replace(passkey, counter=counter - 1)
    assert with_passkey(service.client(), copy).status_code == 200
    assert listed(owner)[0]["maybe_copied"] is True
    assert events(service, "passkey.copied") == ["passkey.copied"]
    assert with_passkey(service.client(), replace(passkey, counter=8)).status_code == 200
    assert events(service, "passkey.copied") == ["passkey.copied"]
    assert listed(owner)[0]["maybe_copied"] is True


@pytest.mark.case("MFA-10")
def test_two_uses_with_one_counter_at_once_are_noticed(service):
    join(service)
    owner = signed_in(service)
    passkey, _ = passkey_for(
        service, owner, authenticator=Authenticator(service.settings.public_url, counter=1)
    )
    browsers = [service.client() for _ in range(2)]
    answers = [replace(passkey, counter=10).sign(request_options(browser)) for browser in browsers]
    at_once(present, *zip(browsers, answers, strict=True))
    assert events(service, "passkey.copied") == ["passkey.copied"]


def test_authenticators_that_do_not_count_are_not_suspected(on_sqlite):
    owner, passkey = with_a_passkey(on_sqlite)
    for _ in range(3):
        assert with_passkey(on_sqlite.client(), passkey).status_code == 200
    assert listed(owner)[0]["maybe_copied"] is False


TOP = ("id", "rawId", "type", "response", "clientExtensionResults", "authenticatorAttachment")
INNER = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle", "transports")


def in_cbor(nested, depth=60_000):
    return nested * depth + b"\x00"


HUGE = {
    "nested arrays": in_cbor(b"\x81", 40_000),
    "nested maps": in_cbor(b"\xa1\x00", 20_000),
    "an endless array": b"\x9b" + b"\xff" * 8,
    "an endless text": b"\x7b" + b"\xff" * 8 + b"x",
    "a map with itself as key": b"\xa1\xa1\xa1\x00\x00\x00\x00",
    "tags": b"\xc0" * 40_000,
    "nothing": b"",
    "one byte": b"\xa3",
    "no text": b"\xff\xfe\xfd",
}


@pytest.mark.case("MFA-09")
@pytest.mark.parametrize(
    "field", ["attestationObject", "clientDataJSON", "authenticatorData", "signature", "userHandle"]
)
@pytest.mark.parametrize("garbage", HUGE.values(), ids=HUGE)
def test_garbage_is_refused_in_every_field(on_sqlite, field, garbage):
    owner, passkey = with_a_passkey(on_sqlite)
    browser = on_sqlite.client()
    if field in ("attestationObject", "clientDataJSON"):
        made = Authenticator(on_sqlite.settings.public_url).make(creation_options(owner))
        made["response"][field] = websafe_encode(garbage)
        assert add(owner, made).status_code == 400
    if field != "attestationObject":
        answer = passkey.sign(request_options(browser))
        answer["response"][field] = websafe_encode(garbage)
        assert present(browser, answer).status_code == 400
    assert not is_in(browser)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def mutations(draw):
    """What to do to a credential: put something else somewhere, leave it out, or cut and flip its bytes."""
    place = draw(st.sampled_from([(name,) for name in TOP] + [("response", name) for name in INNER]))
    kind = draw(st.sampled_from(["replace", "drop", "cut", "flip"]))
    return place, kind, draw(JSON), draw(st.integers(0, 400)), draw(st.sampled_from("AQgw_-8=+/ é"))


def mutated(credential, changes):
    """A copy of a credential with the changes made that still apply to it."""
    credential = {**credential, "response": {**credential["response"]}}
    for place, kind, value, at, sign in changes:
        holder = credential if len(place) == 1 else credential.get("response")
        name = place[-1]
        if not isinstance(holder, dict):
            continue
        old = holder.get(name)
        if kind == "drop":
            holder.pop(name, None)
        elif kind == "replace" or not isinstance(old, str) or not old:
            holder[name] = value
        elif kind == "cut":
            holder[name] = old[: at % len(old)]
        else:
            before, after = old[: at % len(old)], old[at % len(old) + 1 :]
            holder[name] = before + sign + after
    return credential


@pytest.fixture(scope="module")
def of_a_module(sqlite_databases, tmp_path_factory):
    """A service, a browser that is signed in, and its passkey, for many examples."""
    with Service(sqlite_databases.new(tmp_path_factory.mktemp("fuzz")), SmtpSink()) as service:
        yield service, *with_a_passkey(service)


@pytest.mark.case("MFA-09")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(mutations(), min_size=1, max_size=3))
def test_no_mutated_answer_of_a_passkey_breaks_anything(of_a_module, changes):
    service, _, passkey = of_a_module
    browser = service.client()
    honest = passkey.sign(request_options(browser))
    answer = present(browser, mutated(honest, changes))
    assert answer.status_code in (200, 400, 422), (answer.text, changes)
    if answer.status_code == 200:
        assert answer.json["user"]["email"] == ADDRESS
        assert_harmless(changes)


def assert_harmless(changes):
    """What was changed is not signed: only such an answer may still sign in."""
    signed = {"clientDataJSON", "authenticatorData", "signature"}
    assert not [place for place, kind, *_ in changes if place[-1] in signed and kind == "drop"]
    assert not [place for place, kind, *_ in changes if place == ("response",) and kind != "cut"]


@pytest.mark.case("MFA-09")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(mutations(), min_size=1, max_size=3))
def test_no_mutated_new_passkey_breaks_anything(of_a_module, changes):
    service, owner, _ = of_a_module
    made = Authenticator(service.settings.public_url).make(creation_options(owner))
    answer = add(owner, mutated(made, changes))
    assert answer.status_code in (201, 400, 422), (answer.text, changes)
    if answer.status_code == 201:
        assert owner.delete(f"{PASSKEYS_PATH}/{answer.json['id']}", WITH_PASSWORD).status_code == 204


@pytest.mark.parametrize(
    "credential", [None, [], "x", 7, {}, {"id": None}, {"response": {}}, {"id": [], "rawId": {}}]
)
def test_what_is_no_credential_is_refused(on_sqlite, credential):
    owner, _ = with_a_passkey(on_sqlite)
    creation_options(owner)
    assert add(owner, credential).status_code in (400, 422)
    browser = on_sqlite.client()
    request_options(browser)
    assert present(browser, credential).status_code in (400, 422)


@pytest.mark.case("MFA-09")
@pytest.mark.parametrize("challenge", [None, "", "x", "é", "=" * 43, "A" * 43, "A" * 3000])
def test_a_cookie_that_holds_no_challenge_of_ours_is_refused(on_sqlite, challenge):
    _owner, passkey = with_a_passkey(on_sqlite)
    browser = on_sqlite.client()
    answer = passkey.sign(request_options(browser), challenge=challenge or "")
    browser.inner.delete_cookie("masthead-passkey")
    if challenge is not None:
        browser.inner.set_cookie("masthead-passkey", challenge)
    assert code_of(present(browser, answer)) == "invalid_passkey"


@pytest.mark.case("LOG-04")
def test_a_passkey_opens_an_account_whose_password_is_guessed_at(make_service, sqlite_url):
    service = make_service(sqlite_url, rate_limit_scale=1, argon2_memory_kib=64)
    _owner, passkey = with_a_passkey(service)
    for _ in range(12):
        log_in(service.client(known=False), password=OTHER_PASSWORD)
    assert log_in(service.client(known=False)).status_code == 429
    browser = service.client(known=False)
    assert with_passkey(browser, passkey).status_code == 200
    assert is_in(browser)


def test_challenges_are_handed_out_at_a_measured_pace(make_service, sqlite_url):
    service = make_service(sqlite_url, rate_limit_scale=1, rate_limits="passkey_per_client=3/5minute")
    answers = [service.client().post("/api/v1/login/passkey/options").status_code for _ in range(5)]
    assert answers == [200] * 3 + [429] * 2
    assert count_of(service, CeremonyRow) == 3


@pytest.mark.case("LOG-10")
def test_a_passkey_does_not_open_a_closed_account(service):
    _, passkey = with_a_passkey(service)
    service.parts.flows.accounts.disable(user_row(service)["id"], STAFF)
    browser = service.client()
    answer = with_passkey(browser, passkey)
    assert (answer.status_code, code_of(answer), is_in(browser)) == (403, "account_disabled", False)


@pytest.mark.case("DEL-01")
def test_a_passkey_keeps_an_account_that_was_to_be_erased_and_goes_with_one_that_is(clock, service):
    owner, passkey = with_a_passkey(service)
    assert owner.delete("/api/v1/me", WITH_PASSWORD).status_code == 202
    browser = service.client()
    assert with_passkey(browser, passkey).status_code == 200
    assert user_row(service)["erases_at"] is None
    assert browser.delete("/api/v1/me", WITH_PASSWORD).status_code == 202
    assert repr(passkey.credential_id) in everything_stored(service)
    clock.advance(days=14, seconds=1)
    assert service.parts.flows.erasure.erase_due() == 1
    assert count_of(service, PasskeyRow) == count_of(service, UserRow) == 0
    assert repr(passkey.credential_id) not in everything_stored(service)
    assert code_of(with_passkey(service.client(), passkey)) == "invalid_passkey"


@pytest.mark.case("RST-60")
def test_a_reset_leaves_passkeys_in_place(service):
    _, passkey = with_a_passkey(service)
    new_password(service)
    assert with_passkey(service.client(), passkey).status_code == 200


def test_a_passkey_has_the_name_its_reader_gives_it_or_the_browser_s(service):
    join(service)
    browser = signed_in(service)
    _, told = passkey_for(service, browser, name="My phone")
    assert (told["name"], told["synced"]) == ("My phone", False)
    synced = Authenticator(service.settings.public_url, flags=FLAG.UP | FLAG.UV | FLAG.BE | FLAG.BS)
    _, told = passkey_for(service, browser, authenticator=synced)
    assert (bool(told["name"]), told["synced"]) == (True, True)
    assert [one["name"] for one in listed(browser)] == ["My phone", told["name"]]
    answer = with_passkey(service.client(), synced)
    assert answer.json["session"]["amr"] == ["swk", "user", "mfa"]
    for name in ("x" * 101, "a\0b"):
        made = Authenticator(service.settings.public_url).make(creation_options(browser))
        assert add(browser, made, name=name).status_code == 422


@pytest.mark.case("MFA-06", "SES-05", "SES-01")
def test_removing_a_passkey_asks_again_ends_other_sessions_and_is_told(service):
    owner, passkey = with_a_passkey(service)
    lost = service.client()
    assert with_passkey(lost, passkey).status_code == 200
    thief, path = thief_of(service, owner), f"{PASSKEYS_PATH}/{listed(owner)[0]['id']}"
    assert code_of(owner.delete(path, {})) == "invalid_credentials"
    assert owner.delete(path, WITH_PASSWORD).status_code == 204
    assert [is_in(one) for one in (owner, lost, thief)] == [True, False, False]
    assert listed(owner) == []
    assert code_of(with_passkey(lost, passkey)) == "invalid_passkey"
    assert owner.delete(path, WITH_PASSWORD).status_code == 404
    assert told_of(service) == ["passkey_added", "passkey_removed"]
    assert events(service, "passkey.") == ["passkey.added", "passkey.removed"]


def test_nobody_removes_another_reader_s_passkey(service):
    owner, _passkey = with_a_passkey(service)
    join(service, OTHER)
    other = signed_in(service, OTHER)
    for number in (listed(owner)[0]["id"], str(new_id()), "x", "%00"):
        assert other.delete(f"{PASSKEYS_PATH}/{number}", WITH_PASSWORD).status_code == 404
    assert len(listed(owner)) == 1
    assert service.client().delete(f"{PASSKEYS_PATH}/{listed(owner)[0]['id']}", {}).status_code == 401


@pytest.mark.case("MFA-14")
def test_the_last_way_in_stays(clock, make_service, database, google):
    service = make_service(database, **google.settings)
    browser = service.client()
    sign_in(browser, google)
    _, first = passkey_for(service, browser)
    assert browser.delete("/api/v1/me/identities/google").status_code == 204
    answer = browser.delete(f"{PASSKEYS_PATH}/{first['id']}", {})
    assert (answer.status_code, code_of(answer)) == (409, "last_sign_in_method")
    assert len(listed(browser)) == 1
    assert is_in(browser)
    passkey, second = passkey_for(service, browser)
    assert browser.delete(f"{PASSKEYS_PATH}/{first['id']}", {}).status_code == 204
    assert browser.delete(f"{PASSKEYS_PATH}/{second['id']}", {}).status_code == 409
    assert with_passkey(service.client(), passkey).status_code == 200


@pytest.mark.case("MFA-14")
def test_a_provider_is_not_disconnected_where_nothing_else_opens_the_account(make_service, database, google):
    service = make_service(database, **google.settings)
    browser = service.client()
    sign_in(browser, google)
    _, told = passkey_for(service, browser)
    assert browser.delete(f"{PASSKEYS_PATH}/{told['id']}", {}).status_code == 204
    answer = browser.delete("/api/v1/me/identities/google")
    assert (answer.status_code, code_of(answer)) == (409, "last_sign_in_method")
    assert count_of(service, IdentityRow) == 1


@pytest.mark.case("MFA-14")
def test_two_last_ways_in_are_not_removed_at_once(make_service, database, google):
    service = make_service(database, **google.settings)
    browser = service.client()
    sign_in(browser, google)
    ids = [passkey_for(service, browser)[1]["id"] for _ in range(2)]
    ways = [f"{PASSKEYS_PATH}/{one}" for one in ids] + ["/api/v1/me/identities/google"]
    browsers = [thief_of(service, browser) for _ in ways]
    at_once(
        lambda one, path: one.delete(path, {} if "passkeys" in path else None),
        *zip(browsers, ways, strict=True),
    )
    assert count_of(service, PasskeyRow) + count_of(service, IdentityRow) >= 1


@pytest.mark.case("SES-05")
def test_a_session_that_ended_meanwhile_adds_and_removes_nothing(service):
    owner, _passkey = with_a_passkey(service)
    thief = signed_in(service)
    new = Authenticator(service.settings.public_url)
    made = new.make(creation_options(thief))
    flows, challenge = service.parts.flows, secret_of(thief, "masthead-passkey")
    here = flows.sessions.resolve(secret_of(thief), STAFF)
    assert owner.delete("/api/v1/sessions").status_code == 204
    with pytest.raises(Unauthenticated):
        flows.passkeys.add(here, credential=made, challenge=challenge, name=None, visit=STAFF)
    assert len(listed(owner)) == 1
    assert code_of(with_passkey(service.client(), new)) == "invalid_passkey"


def test_a_passkey_that_is_removed_while_it_signs_in_opens_nothing(service):
    owner, passkey = with_a_passkey(service)
    browser = service.client()
    answer = passkey.sign(request_options(browser))
    shown = service.parts.flows.passkeys.shown(answer, secret_of(browser, "masthead-passkey"))
    assert owner.delete(f"{PASSKEYS_PATH}/{listed(owner)[0]['id']}", WITH_PASSWORD).status_code == 204
    with pytest.raises(InvalidPasskey), service.parts.store.write() as uow:
        service.parts.flows.passkeys.use(uow, shown, STAFF)


def test_there_is_room_for_twenty_however_many_were_begun(on_sqlite):
    join(on_sqlite)
    owner = signed_in(on_sqlite)
    for _ in range(MOST - 1):
        passkey_for(on_sqlite, owner)
    begun = []
    for _ in range(2):
        made = Authenticator(on_sqlite.settings.public_url).make(creation_options(owner))
        begun.append((made, secret_of(owner, "masthead-passkey")))
    answers = []
    for made, challenge in begun:
        owner.inner.set_cookie("masthead-passkey", challenge)
        answers.append(add(owner, made).status_code)
    assert answers == [201, 422]
    assert owner.post("/api/v1/me/passkey-options", WITH_PASSWORD).status_code == 422
    assert len(listed(owner)) == MOST


@pytest.mark.case("MFA-09")
def test_no_passkey_is_added_or_listed_from_outside(service):
    stranger = service.client()
    assert stranger.get(PASSKEYS_PATH).status_code == 401
    assert stranger.post("/api/v1/me/passkey-options", WITH_PASSWORD).status_code == 401
    assert add(stranger, {}).status_code == 401
    owner, _passkey = with_a_passkey(service)
    elsewhere = {"headers": {"Origin": "https://evil.example"}}
    assert owner.post("/api/v1/me/passkey-options", WITH_PASSWORD, **elsewhere).status_code == 403
    assert stranger.post("/api/v1/login/passkey", {"credential": {}}, **elsewhere).status_code == 403


@pytest.mark.case("SEC-05")
def test_challenges_are_kept_hashed_and_swept_away(clock, service):
    owner, _ = with_a_passkey(service)
    challenges = [request_options(service.client())["challenge"], creation_options(owner)["challenge"]]
    assert not [one for one in challenges if one in everything_stored(service)]
    clock.advance(minutes=6)
    with service.parts.store.write() as uow:
        assert uow.ceremonies.purge(clock()) == 2
