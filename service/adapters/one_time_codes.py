"""Codes of authenticator apps, on `pyotp`: what every app understands, six digits, 30 seconds, SHA-1 (RFC 6238)."""

import hmac
import re
import secrets
import unicodedata
from base64 import b32encode
from datetime import datetime

from pyotp import TOTP

NEIGHBOURS = (0, -1, 1)
"""Time steps that are accepted beside the present one: clocks differ, and typing takes time (RFC 6238, section 5.2)."""

SECRET_BYTES = 20  # RFC 4226, section 4, R6
LONGEST_TYPED = 32
CODE = re.compile(r"[0-9]{6}")


class AppCodes:
    """`issuer` is the name an app shows beside the account."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def new_secret(self) -> str:
        return b32encode(secrets.token_bytes(SECRET_BYTES)).decode()

    def uri(self, secret: str, account: str) -> str:
        return TOTP(secret).provisioning_uri(name=account, issuer_name=self._issuer)

    def step(self, secret: str, code: str, at: datetime) -> int | None:
        digits = digits_of(code)
        if digits is None:
            return None
        app = TOTP(secret)
        now = app.timecode(at)
        found = [now + off for off in NEIGHBOURS if hmac.compare_digest(app.generate_otp(now + off), digits)]
        return found[0] if found else None


def digits_of(typed: str) -> str | None:
    """Return a code as it is compared, typed with blanks or in other scripts' digits; None for what is no code."""
    if len(typed) > LONGEST_TYPED:
        return None
    signs = [sign for sign in typed if not sign.isspace() and sign not in "-\u200f\u200e"]
    digits = "".join(str(unicodedata.decimal(sign, sign)) for sign in signs)
    return digits if CODE.fullmatch(digits) else None
