"""Django's hashes: PBKDF2, Argon2, and bcrypt of a SHA-256 (django.contrib.auth.hashers)."""

import hmac
import re
from base64 import b64encode
from hashlib import pbkdf2_hmac, sha256

import argon2
from argon2.low_level import Type, verify_secret

from service.adapters.passwords.foreign.blowfish import Bcrypt

PBKDF2 = re.compile(r"pbkdf2_sha256\$([0-9]{1,7})\$([!-#%-~]{1,64})\$([A-Za-z0-9+/]{43}=)")
MOST_ITERATIONS = 2_000_000  # two thirds of a second; Django 6.0 asks for 1,200,000
ARGON2 = re.compile(
    r"argon2(\$argon2(?:i|id)\$v=(?:16|19)\$m=([0-9]{1,6}),t=([0-9]{1,2}),p=([0-9]{1,2})"
    r"\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86})"
)
MOST_MEMORY_KIB, MOST_PASSES, MOST_LANES = 256 * 1024, 10, 16
MOST_WORK = 4 * MOST_MEMORY_KIB  # memory times passes; a second
TYPES = {"i": Type.I, "id": Type.ID}


class Pbkdf2Sha256:
    prefixes = ("pbkdf2_sha256$",)

    def knows(self, password_hash: str) -> bool:
        found = PBKDF2.fullmatch(password_hash)
        return found is not None and 1 <= int(found[1]) <= MOST_ITERATIONS

    def matches(self, password_hash: str, secret: bytes) -> bool:
        _, iterations, salt, stored = password_hash.split("$")
        computed = b64encode(pbkdf2_hmac("sha256", secret, salt.encode(), int(iterations)))
        return hmac.compare_digest(computed, stored.encode())


class Argon2:
    prefixes = ("argon2$",)

    def knows(self, password_hash: str) -> bool:
        found = ARGON2.fullmatch(password_hash)
        if found is None:
            return False
        memory, passes, lanes = map(int, found.groups()[1:])
        return (
            8 * lanes <= memory <= MOST_MEMORY_KIB
            and 1 <= passes <= MOST_PASSES
            and memory * passes <= MOST_WORK
            and 1 <= lanes <= MOST_LANES
        )

    def matches(self, password_hash: str, secret: bytes) -> bool:
        stored = password_hash.removeprefix("argon2")
        kind = stored.split("$")[1].removeprefix("argon2")
        try:
            return verify_secret(stored.encode(), secret, TYPES[kind])
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


class BcryptSha256:
    prefixes = ("bcrypt_sha256$",)

    def __init__(self) -> None:
        self._bcrypt = Bcrypt()

    def knows(self, password_hash: str) -> bool:
        return password_hash.startswith(self.prefixes) and self._bcrypt.knows(_inner(password_hash))

    def matches(self, password_hash: str, secret: bytes) -> bool:
        return self._bcrypt.matches(_inner(password_hash), sha256(secret).hexdigest().encode())


def _inner(password_hash: str) -> str:
    return password_hash.removeprefix("bcrypt_sha256$")
