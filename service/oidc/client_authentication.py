"""How a client proves who it is: one way at a time, and every failure answers alike."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from flask import request
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.core.openid import Client
from service.flows.clients import Clients

CONFIDENTIAL = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
ANY = [*CONFIDENTIAL, "none"]
LONGEST_PROOF = timedelta(hours=1)
TROUBLES = (InvalidClientError, JoseError, ValueError, TypeError, KeyError, binascii.Error)


class PrivateKeyProof(JWTBearerClientAssertion):  # type: ignore[misc]
    """A JWT the client has signed with its own key, good once (RFC 7523; OpenID Connect Core, section 9)."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self, clients: Clients, audiences: list[str]) -> None:
        super().__init__()
        self._clients, self._audiences = clients, audiences

    def get_audiences(self) -> list[str]:
        return self._audiences

    def validate_jti(self, claims: dict[str, Any], jti: object) -> bool:
        until = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=self.leeway)
        if not isinstance(jti, str) or until > datetime.now(UTC) + LONGEST_PROOF:
            return False
        return self._clients.accept_assertion(claims["sub"], jti, until=until)

    def resolve_client_public_key(self, client: Any) -> KeySet:
        registered: Client = client.client
        return KeySet.import_key_set(registered.jwks or {"keys": []})  # type: ignore[arg-type]


def ways_tried(form: Any) -> int:
    """How many proofs a request brings along; more than one is refused (RFC 6749, section 2.3)."""
    header = request.headers.get("Authorization", "").lower().startswith("basic ")
    return sum((header, "client_secret" in form, "client_assertion" in form))


def name_tried(form: Any) -> str:
    """Whom a request says it is from: what failures are counted by."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest).decode("ascii", "replace").partition(":")[0]
        except ValueError:
            return ""
    return str(form.get("client_id", ""))
