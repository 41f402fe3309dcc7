"""Sign in with Apple (developer.apple.com, "Sign in with Apple REST API") and its server-to-server notifications."""

import hashlib
import json
import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from service.adapters.providers.notifications import apple_events, read_notification
from service.adapters.providers.openid import OpenIdProvider, Registration, acceptable_name
from service.core.addresses import Address
from service.core.identities import Notification
from service.core.service_errors import InvalidNotification

ISSUER = "https://appleid.apple.com"
ALIAS = "https://account.apple.com"
SECRET_LIFE = 300  # seconds; Apple allows six months, and then it expires in production
MAILBOXES = ("icloud.com", "me.com", "mac.com", "privaterelay.appleid.com", "private.icloud.com")
LONGEST_USER = 4096
CONSOLE_ID = re.compile(r"[A-Z0-9]{10}")


class Apple(OpenIdProvider):
    """`team_id`, `key_id` and the private key (the text of the `.p8` file) sign our client secret."""

    algorithms: ClassVar[tuple[str, ...]] = ("RS256", "ES256")
    scope: ClassVar[str] = "openid name email"
    extra_parameters: Mapping[str, str] = {"response_mode": "form_post"}

    def __init__(
        self,
        name: str,
        label: str,
        registration: Registration,
        transport: httpx2.BaseTransport,
        *,
        team_id: str,
        key_id: str,
        private_key: str,
    ) -> None:
        super().__init__(name, label, registration, transport)
        self._team_id, self._key_id = team_id, key_id
        self._private_key = ECKey.import_key(private_key.replace("\\n", "\n"))
        if self._private_key.curve_name != "P-256" or not self._private_key.is_private:
            raise ValueError("not the private key of a .p8 file")

    def read_notification(self, body: str) -> Notification:
        """Read `{"payload": JWS}`. Raises `InvalidNotification`."""
        try:
            payload = json.loads(body)["payload"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InvalidNotification from error
        if not isinstance(payload, str):
            raise InvalidNotification
        return read_notification(
            self._signatures,
            payload,
            issuers=self._issuers(),
            audiences={self.registration.client_id, *self.registration.native_clients},
            events=lambda claims: apple_events(claims, self.registration.issuer),
        )

    def credential_troubles(self) -> list[str]:
        """Compare with what Apple's console hands out."""
        if self.registration.issuer != ISSUER:
            return []
        expected = {
            "AUTH_APPLE_TEAM_ID should be the ten characters beside your name": CONSOLE_ID.fullmatch(
                self._team_id
            ),
            "AUTH_APPLE_KEY_ID should be the ten characters of the key": CONSOLE_ID.fullmatch(self._key_id),
            "AUTH_APPLE_CLIENT_ID should be the Services ID, such as org.example.accounts": "."
            in self.registration.client_id,
        }
        return [trouble for trouble, fine in expected.items() if not fine]

    def _issuers(self) -> frozenset[str]:
        issuer = self.registration.issuer
        return frozenset({issuer, ALIAS}) if issuer == ISSUER else frozenset({issuer})

    def _authentication(self) -> str:
        return "client_secret_post"

    def _secret(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._team_id,
            "sub": self.registration.client_id,
            "aud": self.registration.issuer,
            "iat": now,
            "exp": now + SECRET_LIFE,
        }
        return jwt.encode({"alg": "ES256", "kid": self._key_id}, claims, self._private_key)

    def _accepted_nonces(self, nonce: str) -> list[str]:
        """Native apps give Apple the SHA-256 of the nonce they keep."""
        return [nonce, hashlib.sha256(nonce.encode("utf-8", "surrogatepass")).hexdigest()]

    def _verified(self, claims: Mapping[str, Any]) -> bool:
        return claims.get("email_verified") is True or claims.get("email_verified") == "true"

    def _authoritative(self, claims: Mapping[str, Any], address: Address) -> bool:
        """Apple runs iCloud's mailboxes and its relay; an Apple Account may also name an address of others."""
        return address.canonical.rpartition("@")[2] in MAILBOXES

    def _name(self, claims: Mapping[str, Any], user: str) -> str | None:
        """The browser brings the name, once; its address is never looked at, for nobody signed it."""
        if not 0 < len(user) <= LONGEST_USER:
            return None
        try:
            name = json.loads(user)["name"]
            return acceptable_name(" ".join(str(name.get(part) or "") for part in ("firstName", "lastName")))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
