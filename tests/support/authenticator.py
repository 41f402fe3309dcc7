"""A passkey authenticator in software: makes keys, signs challenges, and lies about itself where a test asks it to.

passkey = Authenticator("http://localhost:8000")
made = passkey.make(options)      # RegistrationResponseJSON
answer = passkey.sign(options)    # AuthenticationResponseJSON
"""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData
from pyotp import TOTP

FLAG = AuthenticatorData.FLAG
PRESENT_AND_VERIFIED = FLAG.UP | FLAG.UV


@dataclass
class Authenticator:
    """`counter` grows with every use unless it is None; `flags` are those of every answer."""

    origin: str
    rp_id: str = ""
    flags: int = PRESENT_AND_VERIFIED
    counter: int | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes | None = None
    cross_origin: bool = False

    def make(self, options: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """Make the credential that creation options ask for; `changed` overwrites parts of the client data."""
        self.user_handle = websafe_decode(options["user"]["id"])
        public_key = ES256.from_cryptography_key(self.key.public_key())
        made = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public_key)
        told = AuthenticatorData(self._authenticator_data(FLAG.AT, made))
        attestation = AttestationObject.create("none", told, {})
        client_data = self._client_data("webauthn.create", options, changed)
        return self._credential({"clientDataJSON": client_data, "attestationObject": attestation})

    def sign(self, options: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """Answer request options."""
        told, client_data = self._authenticator_data(), self._client_data("webauthn.get", options, changed)
        signature = self.key.sign(told + sha256(client_data).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": client_data, "authenticatorData": told, "signature": signature}
        if self.user_handle is not None:
            response["userHandle"] = self.user_handle
        return self._credential(response)

    def _authenticator_data(self, more: int = 0, credential: bytes = b"") -> bytes:
        if self.counter is not None:
            self.counter += 1
        rp_id = self.rp_id or urlsplit(self.origin).hostname or ""
        return AuthenticatorData.create(
            sha256(rp_id.encode()).digest(), FLAG(self.flags | more), self.counter or 0, credential
        )

    def _client_data(self, kind: str, options: dict[str, Any], changed: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps({**told, "crossOrigin": self.cross_origin, **changed}).encode()

    def _credential(self, response: dict[str, bytes]) -> dict[str, Any]:
        handle = websafe_encode(self.credential_id)
        return {
            "id": handle,
            "rawId": handle,
            "type": "public-key",
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
            "response": {name: websafe_encode(value) for name, value in response.items()},
        }


def unsupported(options: dict[str, Any], authenticator: Authenticator) -> dict[str, Any]:
    """A credential whose public key is of an algorithm nobody has offered (ES256 on another curve's number)."""
    made = authenticator.make(options)
    attestation = cbor.decode(websafe_decode(made["response"]["attestationObject"]))
    assert isinstance(attestation, dict)
    told = AuthenticatorData(attestation["authData"])
    assert told.credential_data is not None
    key = dict(told.credential_data.public_key) | {3: -47}
    offered = told.credential_data
    data = offered.aaguid + len(offered.credential_id).to_bytes(2, "big") + offered.credential_id
    attestation["authData"] = bytes(told[:37]) + data + cbor.encode(key)
    made["response"]["attestationObject"] = websafe_encode(cbor.encode(attestation))
    return made


def next_code(secret: str) -> str:
    """What an authenticator app shows in the half minute to come: the code of now is used."""
    app = TOTP(secret)
    return app.generate_otp(app.timecode(datetime.now(UTC)) + 1)
