"""Signatures that receivers accept, the same for the same letter."""

import time
from collections.abc import Callable
from datetime import timedelta

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from service.adapters.transports import open_transport
from service.adapters.transports.dkim_signature import DkimSigner
from service.adapters.transports.message import wire_bytes
from tests.delivery.mails import mail
from tests.support.service import Service
from tests.support.smtp import SmtpSink

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {"rsa": RSA, "ed25519": ed25519.Ed25519PrivateKey.generate()}


def pem(key, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


@pytest.fixture(params=KEYS)
def signer(request: pytest.FixtureRequest) -> DkimSigner:
    return DkimSigner("m1", "example.org", pem(KEYS[request.param]))


def accepted(message: bytes, signer: DkimSigner) -> bool:
    kind = "ed25519" if len(signer.public_key) == 44 else "rsa"
    record = f"v=DKIM1; k={kind}; p={signer.public_key}".encode()

    def dns(name: bytes, timeout: float = 5) -> bytes:
        assert name == b"m1._domainkey.example.org."
        return record

    return bool(dkim.verify(message, dnsfunc=dns))


def test_a_receiver_accepts_it_as_it_came_over_the_wire(signer: DkimSigner, smtp: SmtpSink) -> None:
    transport = open_transport(smtp.url, sign=signer)
    transport.send(
        mail(subject="Grüße an alle, die ein neues Passwort wollen, und zwar heute noch", text="ü\n")
    )
    transport.close()
    (letter,) = smtp.messages
    assert accepted(letter.raw, signer)
    assert not accepted(letter.raw.replace(b"ada@", b"eve@"), signer)
    assert not accepted(letter.raw.replace(b"Hello Ada", b"Hello Eve"), signer)
    assert not accepted(b"From: Eve <eve@evil.example>\r\n" + letter.raw, signer)


def test_the_same_letter_gets_the_same_signature_later(signer: DkimSigner) -> None:
    first = wire_bytes(mail(), signer)
    time.sleep(1.1)
    assert wire_bytes(mail(), signer) == first
    assert wire_bytes(mail(date=mail().date + timedelta(seconds=1)), signer) != first


@pytest.mark.parametrize(
    "written",
    [
        pem(RSA),
        pem(RSA, PrivateFormat.TraditionalOpenSSL),
        pem(RSA).replace("\n", "\\n"),
        pem(KEYS["ed25519"]),
    ],
)
def test_keys_are_read_however_they_are_written(written: str) -> None:
    assert DkimSigner("m1", "example.org", written).public_key


@pytest.mark.parametrize(
    "written",
    [
        "",
        "secret",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)).replace("A", "B", 40),
        RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"locked")).decode(),
    ],
    ids=["nothing", "no key", "elliptic", "damaged", "locked"],
)
def test_what_is_no_key_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(ValueError) as error:
        DkimSigner("m1", "example.org", written)
    assert not written or written[:60] not in str(error.value)


def test_the_service_signs_with_its_settings(
    make_service: Callable[..., Service], sqlite_url: str, smtp: SmtpSink
) -> None:
    service = make_service(sqlite_url, mail_dkim_selector="m1", mail_dkim_private_key=pem(RSA))
    (tried,) = service.parts.trial.send("ops@example.org")
    assert tried.accepted
    assert service.parts.signer is not None
    assert accepted(smtp.messages[0].raw, service.parts.signer)
