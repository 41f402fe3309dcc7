"""The server's half of the Web Authentication API (Level 3, sections 7.1 and 7.2), on Yubico's `fido2`.

Attestation is neither asked for nor looked at: which make of authenticator a reader uses is none of our business.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from service.core.factor_errors import InvalidPasskey
from service.core.return_urls import origin_of
from service.core.second_factors import Assertion, NewCredential, Passkey

log = logging.getLogger(__name__)
ALGORITHMS = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)
NOBODYS_MODEL = bytes(16)
LONGEST_CREDENTIAL_ID = 1023  # WebAuthn Level 3, section 7.1, step 25
PASSKEY = PublicKeyCredentialType.PUBLIC_KEY
VERIFIED = UserVerificationRequirement.REQUIRED


class WebAuthn:
    """`public_url` is where readers reach the service: its host is the relying party's id, its origin the only one."""

    def __init__(self, public_url: str, site_name: str) -> None:
        origin = origin_of(public_url)
        self._server = Fido2Server(
            PublicKeyCredentialRpEntity(name=site_name, id=urlsplit(public_url).hostname or ""),
            verify_origin=lambda found: found == origin,
        )
        self._server.allowed_algorithms = [
            PublicKeyCredentialParameters(type=PASSKEY, alg=algorithm) for algorithm in ALGORITHMS
        ]

    def creation_options(
        self, *, challenge: bytes, user_id: UUID, account: str, name: str, known: Sequence[bytes]
    ) -> Mapping[str, Any]:
        options, _ = self._server.register_begin(
            PublicKeyCredentialUserEntity(id=user_id.bytes, name=account, display_name=name),
            [PublicKeyCredentialDescriptor(type=PASSKEY, id=one) for one in known],
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=VERIFIED,
            challenge=challenge,
        )
        return dict(options.public_key)

    def request_options(self, challenge: bytes) -> Mapping[str, Any]:
        options, _ = self._server.authenticate_begin(user_verification=VERIFIED, challenge=challenge)
        return dict(options.public_key)

    def registered(self, credential: Mapping[str, Any], challenge: bytes) -> NewCredential:
        with whatever_is_wrong_refused():
            told = self._server.register_complete(remembered(challenge), credential)
            require_own_page(RegistrationResponse.from_dict(credential).response.client_data)
            made = told.credential_data
            if made is None or made.public_key.ALGORITHM not in ALGORITHMS:
                raise InvalidPasskey
            if len(made.credential_id) > LONGEST_CREDENTIAL_ID:
                raise InvalidPasskey
            return NewCredential(
                made.credential_id, cbor.encode(made.public_key), told.counter, told.is_backup_eligible()
            )

    def credential_id(self, credential: Mapping[str, Any]) -> bytes:
        with whatever_is_wrong_refused():
            return bytes(AuthenticationResponse.from_dict(credential).raw_id)

    def asserted(self, credential: Mapping[str, Any], challenge: bytes, passkey: Passkey) -> Assertion:
        with whatever_is_wrong_refused():
            key = CoseKey.parse(cast(Mapping[int, Any], cbor.decode(passkey.public_key)))
            known = AttestedCredentialData.create(NOBODYS_MODEL, passkey.credential_id, key)
            self._server.authenticate_complete(remembered(challenge), [known], credential)
            told = AuthenticationResponse.from_dict(credential).response
            require_own_page(told.client_data)
            if told.user_handle not in (None, passkey.user_id.bytes):
                raise InvalidPasskey
            return Assertion(told.authenticator_data.counter, told.authenticator_data.is_backup_eligible())


def remembered(challenge: bytes) -> Mapping[str, Any]:
    """Return what the library wants to find again in the second half of a ceremony."""
    return {"challenge": websafe_encode(challenge), "user_verification": VERIFIED}


def require_own_page(client_data: CollectedClientData) -> None:
    """Refuse what was made in a frame on another site's page."""
    if client_data.cross_origin:
        raise InvalidPasskey


@contextmanager
def whatever_is_wrong_refused() -> Iterator[None]:
    """Raise `InvalidPasskey` for whatever the library raises: it reads what strangers send, in three encodings."""
    try:
        yield
    except InvalidPasskey:
        raise
    except Exception as error:
        log.info("passkey_refused", extra={"cause": type(error).__name__})
        raise InvalidPasskey from error
