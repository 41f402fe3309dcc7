"""bcrypt (`$2a$`, `$2b$`, `$2y$`) as Ghost, Auth0, Drupal 10 and PHP's `password_hash` write it."""

import hmac
import re

import bcrypt
from passlib.utils.binary import BCRYPT_CHARS

SHAPE = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
LEAST, MOST = 4, 14  # powers of two of rounds; 14 takes a second
READS = 72  # bytes of a password; the rest counts for nothing, there as here
SALT = 28  # characters up to the salt's last, of which two bits count


class Bcrypt:
    prefixes = ("$2a$", "$2b$", "$2y$")

    def knows(self, password_hash: str) -> bool:
        found = SHAPE.fullmatch(password_hash)
        return found is not None and LEAST <= int(found[1]) <= MOST

    def matches(self, password_hash: str, secret: bytes) -> bool:
        # old software left the salt's unused bits as they came, which the library does not read
        last = BCRYPT_CHARS[BCRYPT_CHARS.index(password_hash[SALT]) & 0b110000]
        salt = f"{password_hash[:SALT]}{last}".encode()
        computed = bcrypt.hashpw(secret[:READS], salt)
        return hmac.compare_digest(computed[SALT + 1 :], password_hash[SALT + 1 :].encode())
