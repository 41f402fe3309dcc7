"""What Flask applications keep: `scrypt:` and `pbkdf2:` (werkzeug.security.generate_password_hash)."""

import re

from werkzeug.security import check_password_hash

SCRYPT = re.compile(r"scrypt:([0-9]{1,7}):([0-9]{1,2}):([0-9]{1,2})\$[A-Za-z0-9]{1,64}\$[0-9a-f]{128}")
MOST_MEMORY = 256 * 1024 * 1024  # bytes, of all lanes: they are computed one after the other
MOST_LANES = 4
DIGESTS = {"sha1": 40, "sha256": 64, "sha512": 128}  # hexadecimal digits
PBKDF2 = re.compile(r"pbkdf2:(sha[0-9]{1,3}):([0-9]{1,7})\$[A-Za-z0-9]{1,64}\$([0-9a-f]{40,128})")
MOST_ITERATIONS = 2_000_000


class Scrypt:
    prefixes = ("scrypt:",)

    def knows(self, password_hash: str) -> bool:
        found = SCRYPT.fullmatch(password_hash)
        if found is None:
            return False
        cost, block, lanes = map(int, found.groups())
        power_of_two = cost > 1 and cost & (cost - 1) == 0
        within_rfc_7914 = cost < 1 << 16 * block
        within_bounds = 1 <= lanes <= MOST_LANES and 128 * cost * block * lanes <= MOST_MEMORY
        return power_of_two and within_rfc_7914 and within_bounds

    def matches(self, password_hash: str, secret: bytes) -> bool:
        return check_password_hash(password_hash, secret.decode())


class Pbkdf2:
    prefixes = ("pbkdf2:",)

    def knows(self, password_hash: str) -> bool:
        found = PBKDF2.fullmatch(password_hash)
        if found is None or DIGESTS.get(found[1]) != len(found[3]):
            return False
        return 1 <= int(found[2]) <= MOST_ITERATIONS

    def matches(self, password_hash: str, secret: bytes) -> bool:
        return check_password_hash(password_hash, secret.decode())
