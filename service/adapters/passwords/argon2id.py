"""Argon2id (RFC 9106) as `$argon2id$` strings: PyNaCl's build for speed, argon2-cffi for other parallelism."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import choice
from time import perf_counter, thread_time

import argon2
from nacl import pwhash
from nacl.exceptions import InvalidkeyError

PARAMETERS = re.compile(r"\$argon2id\$v=19\$m=([0-9]+),t=([0-9]+),p=([0-9]+)\$")
# what others may bring along: bounded, or signing in with it would be an attack
FOREIGN = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,6}),t=([0-9]{1,2}),p=([0-9])\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86}"
)
LONGEST = 127  # libsodium reads no longer ones
MOST_MEMORY_KIB = 256 * 1024
MOST_PASSES = 10
MOST_WORK = 4 * MOST_MEMORY_KIB  # memory times passes; a second
SALT = bytes(16)
STEP = 64 * 1024  # bytes; a tenth of a millisecond


@dataclass(frozen=True)
class Argon2id:
    """`time_cost` passes over `memory_kib` KiB in `parallelism` lanes; 16 bytes of salt, 32 of tag."""

    time_cost: int
    memory_kib: int
    parallelism: int
    _times: deque[float] = field(
        default_factory=lambda: deque(maxlen=64), init=False, repr=False, compare=False
    )

    def hash(self, password: str) -> str:
        secret = password.encode()
        if self.parallelism == 1:
            return pwhash.argon2id.str(
                secret, opslimit=self.time_cost, memlimit=self.memory_kib * 1024
            ).decode()
        return argon2.PasswordHasher(self.time_cost, self.memory_kib, self.parallelism).hash(secret)

    def verify(self, password_hash: str, password: str) -> bool:
        """Compare, in the time today's parameters take even where the hash was made with cheaper ones."""
        parameters = PARAMETERS.match(password_hash)
        if parameters is None:
            return self.at_usual_cost(bool)
        secret, lanes = password.encode(), int(parameters[3])
        if self.outdated(password_hash):
            return self.at_usual_cost(lambda: _matches(password_hash, secret, lanes))
        begun = self._clock()
        matches = _matches(password_hash, secret, lanes)
        self._times.append(self._clock() - begun)
        return matches

    def at_usual_cost(self, compare: Callable[[], bool]) -> bool:
        """Compare in another way, and spend what that leaves of the time a comparison with today's hashes takes."""
        begun = self._clock()
        matches = compare()
        self._spend_until(begun + self._usual_time())
        return matches

    def spend_all(self) -> None:
        """Compute what one verification costs, to no end."""
        begun = self._clock()
        self.hash("")
        self._times.append(self._clock() - begun)

    def _usual_time(self) -> float:
        """Seconds one of the latest comparisons took: drawn, so that the times spread alike.

        Measured, not reckoned: the first pass over fresh memory takes four times as long as the next one.
        """
        if not self._times:
            self.spend_all()
        return choice(self._times)  # noqa: S311  # spreads times, hides nothing

    def _spend_until(self, end: float) -> None:
        while self._clock() < end:
            pwhash.argon2id.kdf(16, b"", SALT, opslimit=1, memlimit=STEP)

    def knows(self, password_hash: str) -> bool:
        """Whether it is an Argon2id hash that can be verified within bounds: 256 MiB, 1 GiB in all passes, 8 lanes."""
        parameters = FOREIGN.fullmatch(password_hash)
        if parameters is None or len(password_hash) > LONGEST:
            return False
        memory, passes, lanes = map(int, parameters.groups())
        return (
            8 * lanes <= memory <= MOST_MEMORY_KIB
            and 1 <= passes <= MOST_PASSES
            and memory * passes <= MOST_WORK
            and 1 <= lanes <= 8
        )

    def outdated(self, password_hash: str) -> bool:
        parameters = PARAMETERS.match(password_hash)
        return parameters is None or tuple(map(int, parameters.groups())) != (
            self.memory_kib,
            self.time_cost,
            self.parallelism,
        )

    def _clock(self) -> float:
        """This thread's own time, which load does not stretch; with lanes of other threads the world's."""
        return thread_time() if self.parallelism == 1 else perf_counter()


def _matches(password_hash: str, secret: bytes, lanes: int) -> bool:
    try:
        if lanes == 1:
            return pwhash.argon2id.verify(password_hash.encode(), secret)
        return argon2.PasswordHasher().verify(password_hash, secret)
    except (InvalidkeyError, argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
