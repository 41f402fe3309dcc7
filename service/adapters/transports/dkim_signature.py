"""DKIM signatures (RFC 6376, RFC 8463) by dkimpy, for who does not leave them to the mail server."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

SMALLEST_RSA = 1024  # bits; receivers ignore smaller ones (RFC 8301)
PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class DkimSigner:
    """Put a signature in front of a letter. `pem` is an RSA or Ed25519 private key."""

    def __init__(self, selector: str, domain: str, pem: str) -> None:
        self.selector, self.domain = selector, domain
        key = read_key(pem)
        self.public_key = published(key)
        self._quick = _QuickRsa(key) if isinstance(key, RSAPrivateKey) else None
        self._algorithm = b"rsa-sha256" if self._quick else b"ed25519-sha256"
        self._key = (
            key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
            if self._quick
            else base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        )

    def __call__(self, message: bytes, at: datetime) -> bytes:
        """Return the letter, signed as of `at`: the same letter gets the same signature."""
        signature: bytes = _DkimAt(message, at, self._quick).sign(
            self.selector.encode(),
            self.domain.encode(),
            self._key,
            signature_algorithm=self._algorithm,
            canonicalize=(b"relaxed", b"relaxed"),
        )
        return signature + message


@dataclass(frozen=True)
class _Signed:
    signature: bytes


@dataclass(frozen=True)
class _QuickRsa:
    """An RSA key that signs digests the way PyNaCl's keys do, which is how dkimpy asks for Ed25519."""

    key: RSAPrivateKey

    def sign(self, digest: bytes) -> _Signed:
        return _Signed(self.key.sign(digest, PKCS1v15(), Prehashed(SHA256())))


class _DkimAt(dkim.DKIM):  # type: ignore[misc]  # dkimpy carries no types
    """dkimpy's signer with a clock that stands at one instant, and OpenSSL's RSA.

    dkimpy's own RSA is arithmetic in Python: 9 ms a letter, all of it under the interpreter's lock.
    """

    def __init__(self, message: bytes, at: datetime, quick: _QuickRsa | None) -> None:
        super().__init__(message)
        self._at = str(int(at.timestamp())).encode()
        self._quick = quick

    def gen_header(
        self,
        fields: Sequence[tuple[bytes, bytes]],
        include_headers: object,
        policy: object,
        name: object,
        key: object,
    ) -> bytes:
        timed = [(tag, self._at if tag == b"t" else value) for tag, value in fields]
        if self._quick:  # the algorithm is written in the fields by now; here it only says who signs, and how
            self.signature_algorithm, key = b"ed25519-sha256", self._quick
        header: bytes = super().gen_header(timed, include_headers, policy, name, key)
        return header


def read_key(pem: str) -> PrivateKey:
    r"""Read a private key; in one line its line ends may be written `\n`. Raises `ValueError`."""
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("not an unencrypted private key in PEM") from None
    if isinstance(key, RSAPrivateKey) and key.key_size >= SMALLEST_RSA:
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ValueError("give an RSA key of 2048 bits or an Ed25519 key")


def published(key: PrivateKey) -> str:
    """Return what the `p=` of the DNS record has to say."""
    public = key.public_key()
    if isinstance(key, RSAPrivateKey):
        return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    return base64.b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
