"""Recovery codes: ten of 120 random bits, written so that people can copy them from paper.

From 112 bits on a plain hash is enough to keep them (NIST SP 800-63B-4, section 3.1.2.2; ASVS 5.0, 6.5.2).
"""

import secrets
from base64 import b32encode

HOW_MANY = 10
BYTES = 15
GROUP = 6
LONGEST = 64


def new_codes() -> tuple[str, ...]:
    """Return fresh codes such as `k3vq7x-ram2ph-c4tzwd-oy5bne`: base 32 in lower case, which has no 0, 1, 8 or 9."""
    return tuple(_grouped(b32encode(secrets.token_bytes(BYTES)).decode().lower()) for _ in range(HOW_MANY))


def plain(typed: str) -> str:
    """Return a code as it is compared, however it was typed: with capitals, blanks or other dashes."""
    return "".join(sign for sign in typed[:LONGEST].lower() if sign.isascii() and sign.isalnum())


def _grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))
