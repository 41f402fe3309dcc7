"""Argon2id (RFC 9106) as `$argon2id$` strings: PyNaCl's build for speed, argon2-cffi for other parallelism."""

import re
from dataclasses import dataclass

import argon2
from nacl import pwhash
from nacl.exceptions import InvalidkeyError

PARAMETERS = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$")
SALT = bytes(16)


@dataclass(frozen=True)
class Argon2id:
    """`time_cost` passes over `memory_kib` KiB in `parallelism` lanes; 16 bytes of salt, 32 of tag."""

    time_cost: int
    memory_kib: int
    parallelism: int

    def hash(self, password: str) -> str:
        secret = password.encode()
        if self.parallelism == 1:
            return pwhash.argon2id.str(
                secret, opslimit=self.time_cost, memlimit=self.memory_kib * 1024
            ).decode()
        return argon2.PasswordHasher(self.time_cost, self.memory_kib, self.parallelism).hash(secret)

    def verify(self, password_hash: str, password: str) -> bool:
        """Compare, at the cost of today's parameters even where the hash was made with cheaper ones."""
        secret = password.encode()
        parameters = PARAMETERS.match(password_hash)
        if parameters is None:
            self.spend(self._cost)
            return False
        memory, time, lanes = map(int, parameters.groups())
        matches = _matches(password_hash, secret, lanes)
        self.spend(self._cost - memory * time)
        return matches

    def spend(self, cost: int) -> None:
        """Compute for as long as `cost` KiB-passes take; nothing for less than 8."""
        if cost >= 8:
            pwhash.argon2id.kdf(16, b"", SALT, opslimit=1, memlimit=cost * 1024)

    def spend_all(self) -> None:
        """Compute what one verification costs, to no end."""
        self.hash("")

    def outdated(self, password_hash: str) -> bool:
        parameters = PARAMETERS.match(password_hash)
        return parameters is None or tuple(map(int, parameters.groups())) != (
            self.memory_kib,
            self.time_cost,
            self.parallelism,
        )

    @property
    def _cost(self) -> int:
        return self.memory_kib * self.time_cost


def _matches(password_hash: str, secret: bytes, lanes: int) -> bool:
    try:
        if lanes == 1:
            return pwhash.argon2id.verify(password_hash.encode(), secret)
        return argon2.PasswordHasher().verify(password_hash, secret)
    except (InvalidkeyError, argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
