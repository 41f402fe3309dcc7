"""Secrets of other services at rest: Fernet (AES-128-CBC, HMAC-SHA-256) under keys derived for this one use."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from service.core.tokens import derive_key


class FernetVault:
    """`secrets` run newest first: the first locks, all unlock, as with everything signed."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(urlsafe_b64encode(derive_key(key, "vault"))) for key in secrets])

    def lock(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def unlock(self, locked: str) -> str | None:
        try:
            return self._fernet.decrypt(locked.encode("ascii", "replace")).decode()
        except InvalidToken:
            return None
