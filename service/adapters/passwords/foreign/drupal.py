"""Drupal 7 to 10.0 (`$S$`): phpass' loop with SHA-512, cut to 55 characters. `U$S$` hashes an MD5 of Drupal 6.

(PhpassHashedPasswordBase::crypt, user_check_password)
"""

import hmac
import re
from hashlib import md5, sha512

from passlib.utils.binary import HASH64_CHARS, h64

from service.adapters.passwords.foreign.phpass import within_bounds

SHAPE = re.compile(r"U?\$S\$([./0-9A-Za-z])[./0-9A-Za-z]{8}[./0-9A-Za-z]{43}")
SETTING, LENGTH = 12, 55  # characters


class Drupal7:
    prefixes = ("$S$", "U$S$")

    def knows(self, password_hash: str) -> bool:
        found = SHAPE.fullmatch(password_hash)
        return found is not None and within_bounds(found[1])

    def matches(self, password_hash: str, secret: bytes) -> bool:
        stored = password_hash.removeprefix("U")
        if stored != password_hash:
            secret = md5(secret, usedforsecurity=False).hexdigest().encode()
        digest = sha512(stored[4:SETTING].encode() + secret).digest()
        for _ in range(1 << HASH64_CHARS.index(stored[3])):
            digest = sha512(digest + secret).digest()
        computed = stored[:SETTING].encode() + h64.encode_bytes(digest)
        return hmac.compare_digest(computed[:LENGTH], stored.encode())
