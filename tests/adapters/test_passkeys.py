"""The server's half of the Web Authentication API: what authenticators tell, honest and not."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256, RS256, EdDSA
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.passkeys import WebAuthn
from service.core.factor_errors import InvalidPasskey
from service.core.second_factors import Passkey
from service.core.values import new_id
from tests.support.authenticator import FLAG, Authenticator, unsupported

ORIGIN = "https://accounts.example.org"
SERVER = WebAuthn(ORIGIN, "The Masthead")
READER = new_id()
CHALLENGE = bytes(range(32))


def creation(server=SERVER, known=()):
    return server.creation_options(
        challenge=CHALLENGE, user_id=READER, account="reader@example.org", name="Ada", known=known
    )


def kept(authenticator, server=SERVER):
    """A passkey as it is kept once it was made."""
    made = server.registered(authenticator.make(creation(server)), CHALLENGE)
    return Passkey(
        new_id(),
        READER,
        made.credential_id,
        made.public_key,
        made.sign_count,
        "",
        made.synced,
        datetime.now(UTC),
    )


def signed(authenticator, **changed):
    return authenticator.sign(SERVER.request_options(CHALLENGE), **changed)


def test_the_options_are_plain_json_of_the_standard():
    options = creation(known=[b"known"])
    assert options["rp"] == {"id": "accounts.example.org", "name": "The Masthead"}
    assert websafe_decode(options["user"]["id"]) == READER.bytes
    assert websafe_decode(options["challenge"]) == CHALLENGE
    assert options.get("attestation") in (None, "none")
    assert [one["id"] for one in options["excludeCredentials"]] == [websafe_encode(b"known")]
    asked = SERVER.request_options(CHALLENGE)
    assert (asked["rpId"], asked["userVerification"]) == ("accounts.example.org", "required")


def test_what_was_made_is_known_again():
    authenticator = Authenticator(ORIGIN, counter=6, flags=FLAG.UP | FLAG.UV | FLAG.BE)
    passkey = kept(authenticator)
    assert (passkey.credential_id, passkey.sign_count, passkey.synced) == (
        authenticator.credential_id,
        7,
        True,
    )
    answer = signed(authenticator)
    assert SERVER.credential_id(answer) == passkey.credential_id
    told = SERVER.asserted(answer, CHALLENGE, passkey)
    assert (told.sign_count, told.synced) == (8, True)


@pytest.mark.case("MFA-09")
@pytest.mark.parametrize(
    "origin",
    [
        "http://accounts.example.org",
        "https://accounts.example.org:8443",
        "https://accounts.example.org/",
        "https://accounts.example.org.evil.example",
        "https://evil.accounts.example.org",
        "https://example.org",
        "HTTPS://ACCOUNTS.EXAMPLE.ORG",
        "null",
        "android:apk-key-hash:x",
    ],
)
def test_only_the_service_s_own_origin_counts(origin):
    authenticator = Authenticator(ORIGIN)
    passkey = kept(authenticator)
    with pytest.raises(InvalidPasskey):
        SERVER.asserted(signed(authenticator, origin=origin), CHALLENGE, passkey)
    with pytest.raises(InvalidPasskey):
        SERVER.registered(Authenticator(ORIGIN).make(creation(), origin=origin), CHALLENGE)


@pytest.mark.case("MFA-09")
@pytest.mark.parametrize("site", ["example.org", "evil.example", "accounts.example.org.", "localhost"])
def test_only_the_service_s_own_site_counts(site):
    authenticator = Authenticator(ORIGIN)
    passkey = kept(authenticator)
    with pytest.raises(InvalidPasskey):
        SERVER.asserted(signed(replace(authenticator, rp_id=site)), CHALLENGE, passkey)
    with pytest.raises(InvalidPasskey):
        SERVER.registered(Authenticator(ORIGIN, rp_id=site).make(creation()), CHALLENGE)


@pytest.mark.case("MFA-09")
def test_a_signature_is_of_the_key_that_was_kept_over_what_was_sent():
    authenticator, another = Authenticator(ORIGIN), Authenticator(ORIGIN)
    passkey, answer = kept(authenticator), signed(authenticator)
    stolen = signed(replace(another, credential_id=authenticator.credential_id, user_handle=READER.bytes))
    with pytest.raises(InvalidPasskey):
        SERVER.asserted(stolen, CHALLENGE, passkey)
    for part in ("authenticatorData", "signature"):
        raw = bytearray(websafe_decode(answer["response"][part]))
        raw[-1] ^= 1
        altered = answer | {"response": answer["response"] | {part: websafe_encode(bytes(raw))}}
        with pytest.raises(InvalidPasskey):
            SERVER.asserted(altered, CHALLENGE, passkey)
    assert SERVER.asserted(answer, CHALLENGE, passkey)


@pytest.mark.case("MFA-09")
def test_the_handle_is_the_owner_s_or_missing():
    authenticator = Authenticator(ORIGIN)
    passkey = kept(authenticator)
    assert SERVER.asserted(signed(replace(authenticator, user_handle=None)), CHALLENGE, passkey)
    for handle in (b"", b"\0" * 16, READER.bytes + b"\0", str(READER).encode()):
        with pytest.raises(InvalidPasskey):
            SERVER.asserted(signed(replace(authenticator, user_handle=handle)), CHALLENGE, passkey)


def in_place_of_its_key(authenticator, key):
    """What an authenticator with another kind of key makes."""
    made = authenticator.make(creation())
    data = AttestedCredentialData.create(Aaguid.NONE, authenticator.credential_id, key)
    site = sha256(b"accounts.example.org").digest()
    told = AuthenticatorData.create(site, FLAG.UP | FLAG.UV | FLAG.AT, 0, data)
    made["response"]["attestationObject"] = websafe_encode(bytes(AttestationObject.create("none", told, {})))
    return made


@pytest.mark.parametrize("kind", [EdDSA, RS256])
def test_the_other_offered_algorithms_work(kind):
    if kind is EdDSA:
        key = ed25519.Ed25519PrivateKey.generate()
        sign = key.sign
    else:
        key = rsa.generate_private_key(65537, 2048)

        def sign(data):
            return key.sign(data, padding.PKCS1v15(), SHA256())

    authenticator = Authenticator(ORIGIN)
    made = SERVER.registered(
        in_place_of_its_key(authenticator, kind.from_cryptography_key(key.public_key())), CHALLENGE
    )
    passkey = replace(
        kept(Authenticator(ORIGIN)), credential_id=made.credential_id, public_key=made.public_key
    )
    answer = signed(authenticator)
    data, client = (
        websafe_decode(answer["response"][name]) for name in ("authenticatorData", "clientDataJSON")
    )
    answer["response"]["signature"] = websafe_encode(sign(data + sha256(client).digest()))
    assert SERVER.asserted(answer, CHALLENGE, passkey)


@pytest.mark.case("MFA-09")
@pytest.mark.parametrize("algorithm", [-47, -35, -36, -37, -65535, 0, 2**40, "ES256"])
def test_no_key_of_another_algorithm_is_kept(algorithm):
    authenticator = Authenticator(ORIGIN)
    key = ES256.from_cryptography_key(authenticator.key.public_key())
    made = in_place_of_its_key(authenticator, key)
    told = cbor.decode(websafe_decode(made["response"]["attestationObject"]))
    told["authData"] = told["authData"].replace(
        cbor.encode(dict(key)), cbor.encode(dict(key) | {3: algorithm})
    )
    made["response"]["attestationObject"] = websafe_encode(cbor.encode(told))
    with pytest.raises(InvalidPasskey):
        SERVER.registered(made, CHALLENGE)
    with pytest.raises(InvalidPasskey):
        SERVER.registered(unsupported(creation(), authenticator), CHALLENGE)


@pytest.mark.parametrize(("length", "good"), [(16, True), (1023, True), (1024, False), (20_000, False)])
def test_a_credential_s_id_has_a_greatest_length(length, good):
    made = Authenticator(ORIGIN, credential_id=secrets.token_bytes(length)).make(creation())
    if good:
        assert len(SERVER.registered(made, CHALLENGE).credential_id) == length
    else:
        with pytest.raises(InvalidPasskey):
            SERVER.registered(made, CHALLENGE)


@pytest.mark.parametrize("part", ["attestationObject", "clientDataJSON"])
@given(data=st.data())
def test_no_bytes_make_a_passkey_and_none_break_anything(part, data):
    made = Authenticator(ORIGIN).make(creation())
    whole = websafe_decode(made["response"][part])
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))] + data.draw(st.binary(max_size=60))
    made["response"][part] = websafe_encode(cut)
    if cut[: len(whole)] == whole:
        return
    with pytest.raises(InvalidPasskey):
        SERVER.registered(made, bytes(32))


@given(
    st.dictionaries(
        st.text(max_size=12), st.none() | st.integers() | st.text() | st.lists(st.integers()), max_size=5
    )
)
def test_no_object_is_mistaken_for_an_answer(credential):
    with pytest.raises(InvalidPasskey):
        SERVER.credential_id(credential)
    with pytest.raises(InvalidPasskey):
        SERVER.registered(credential, CHALLENGE)


def test_a_port_belongs_to_the_origin_and_not_to_the_site():
    server = WebAuthn("http://localhost:8000", "The Masthead")
    authenticator = Authenticator("http://localhost:8000")
    assert kept(authenticator, server).credential_id == authenticator.credential_id
    with pytest.raises(InvalidPasskey):
        kept(Authenticator("http://localhost", rp_id="localhost"), server)
