"""Firebase's scrypt: the project's signer key, encrypted with what scrypt makes of the password.

Firebase exports hash and salt alone. The import writes them with the project's public parameters as
`$firebase-scrypt$ln=14,r=8$<salt>$<salt separator>$<hash>`, all in base64; the signer key stays a setting, so that
who steals the database can test no guesses. (github.com/firebase/scrypt)
"""

import hmac
import re
from base64 import b64decode
from hashlib import scrypt

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SHAPE = re.compile(
    r"\$firebase-scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2})"
    r"\$([A-Za-z0-9+/]{2,88}={0,2})\$([A-Za-z0-9+/]{0,88}={0,2})\$([A-Za-z0-9+/]{16,172}={0,2})"
)
MOST_MEMORY = 64 * 1024 * 1024  # bytes; Firebase asks for 16 MiB
KEY_BYTES = 32
NONCE = bytes(16)


class FirebaseScrypt:
    prefixes = ("$firebase-scrypt$",)

    def __init__(self, signer_key: bytes) -> None:
        self._signer_key = signer_key

    def knows(self, password_hash: str) -> bool:
        found = SHAPE.fullmatch(password_hash)
        if found is None:
            return False
        power, block = int(found[1]), int(found[2])
        whole = all(len(part) % 4 == 0 for part in found.groups()[2:])
        within_rfc_7914 = 1 <= power < 16 * block
        return whole and within_rfc_7914 and 128 * (1 << power) * block <= MOST_MEMORY

    def matches(self, password_hash: str, secret: bytes) -> bool:
        found = SHAPE.fullmatch(password_hash)
        assert found is not None
        salt, separator, stored = map(b64decode, found.groups()[2:])
        key = scrypt(
            secret,
            salt=salt + separator,
            n=1 << int(found[1]),
            r=int(found[2]),
            p=1,
            maxmem=2 * MOST_MEMORY,
            dklen=KEY_BYTES,
        )
        computed = Cipher(algorithms.AES(key), modes.CTR(NONCE)).encryptor().update(self._signer_key)
        return hmac.compare_digest(computed, stored)
