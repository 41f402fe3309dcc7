"""Links that prove something: signed, timed, bound to one purpose.

A token is signed by itsdangerous when its letter is rendered and stored nowhere. Every purpose has a key
of its own, derived from each of the service's secrets, so a token for one purpose means nothing to
another and rotating the secrets keeps older links alive while the old secret is listed. What makes a
token single-use is never its spelling (the last character of a signature is malleable) but the
conditional update it leads to.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from service.core.errors import ExpiredToken, InvalidToken

LONGEST_TOKEN = 4096
# itsdangerous discards characters outside the alphabet when it decodes; we refuse them instead.
TOKEN_SHAPE = re.compile(r"\.?[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+={0,2}")


class Purpose(StrEnum):
    """What a mailed link is for."""

    PASSWORD_RESET = "password_reset"
    SIGNUP = "signup"
    IDENTITY = "identity"
    LOGIN_LINK = "login_link"
    EMAIL_CHANGE = "email_change"
    EMAIL_UNDO = "email_undo"
    AUTHORIZATION = "authorization"
    NOT_ME = "not_me"


def derive_key(secret: bytes, name: str) -> bytes:
    """Derive the key for one use from a secret, 32 bytes (HKDF-Expand, RFC 5869 section 2.3, one block)."""
    return hmac.digest(secret, f"masthead/{name}".encode() + b"\x01", "sha256")


class Tokens:
    """Sign and read tokens. `secrets` run newest first: the first signs, all verify."""

    def __init__(self, secrets: Sequence[bytes], clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._keys = {
            # itsdangerous wants oldest first
            purpose: [derive_key(secret, f"token/{purpose}") for secret in reversed(secrets)]
            for purpose in Purpose
        }

    def sign(self, purpose: Purpose, payload: dict[str, Any], *, at: datetime) -> str:
        """Sign `payload` as of the instant `at`; the same arguments always give the same token."""
        return str(self._serializer(purpose, at).dumps(payload))

    def read(self, purpose: Purpose, token: str, *, lifetime: timedelta) -> dict[str, Any]:
        """Return the payload of a token.

        Raises `ExpiredToken` for a genuine one older than `lifetime`, `InvalidToken` for anything else,
        a token from the future included.
        """
        if len(token) > LONGEST_TOKEN or not TOKEN_SHAPE.fullmatch(token):
            raise InvalidToken
        now = self._clock()
        try:
            payload = self._serializer(purpose, now).loads(token, max_age=int(lifetime.total_seconds()))
        except SignatureExpired as error:
            if error.date_signed is not None and error.date_signed > now:
                raise InvalidToken from error
            raise ExpiredToken from error
        except BadData as error:
            raise InvalidToken from error
        if not isinstance(payload, dict):
            raise InvalidToken
        return payload

    def _serializer(self, purpose: Purpose, at: datetime) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._keys[purpose],
            salt=f"masthead/{purpose}",
            signer=_SignerAt,
            signer_kwargs={"at": at, "key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


class _SignerAt(TimestampSigner):
    """A timestamp signer whose clock stands at one instant."""

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at = at

    def get_timestamp(self) -> int:
        return int(self._at.timestamp())
