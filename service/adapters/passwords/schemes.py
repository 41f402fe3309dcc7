"""Which scheme a hash is for: ours, which makes the new ones, or the foreign one that its prefix names."""

from collections.abc import Sequence

from service.adapters.passwords.argon2id import Argon2id
from service.adapters.passwords.foreign.scheme import ForeignScheme

LONGEST_HASH = 512  # characters
LONGEST_PASSWORD = 1024  # bytes, as `normalise_password` has it: some schemes read all of it in every round


class Schemes:
    """Argon2id for what is new; what other software made is verified, and outdated from the first day."""

    def __init__(self, today: Argon2id, foreign: Sequence[ForeignScheme] = ()) -> None:
        self._today = today
        self._foreign = {prefix: scheme for scheme in foreign for prefix in scheme.prefixes}

    def hash(self, password: str) -> str:
        return self._today.hash(password)

    def verify(self, password_hash: str, password: str) -> bool:
        """Compare. A foreign hash that is cheaper than ours is topped up to our cost; a dearer one takes its time."""
        scheme = self._known_foreign(password_hash)
        secret = password.encode()
        if scheme is None or len(secret) > LONGEST_PASSWORD:
            return self._today.verify(password_hash, password)
        return self._today.at_usual_cost(lambda: scheme.matches(password_hash, secret))

    def spend_all(self) -> None:
        """Compute what one verification costs, to no end."""
        self._today.spend_all()

    def knows(self, password_hash: str) -> bool:
        """Whether it can be verified, within bounds."""
        return self._today.knows(password_hash) or self._known_foreign(password_hash) is not None

    def outdated(self, password_hash: str) -> bool:
        return self._today.outdated(password_hash)

    def _known_foreign(self, password_hash: str) -> ForeignScheme | None:
        if len(password_hash) > LONGEST_HASH:
            return None
        for prefix, scheme in self._foreign.items():
            if password_hash.startswith(prefix):
                return scheme if scheme.knows(password_hash) else None
        return None
