"""What becomes of a password that somebody chooses: judged, looked up elsewhere, hashed."""

from collections.abc import Iterable
from dataclasses import dataclass

from service.core.passwords import PasswordPolicy, breached
from service.core.ports import BreachList, Passwords


@dataclass(frozen=True)
class NewPasswords:
    """Two steps, so that what is cheap comes before throttles and tokens are spent, and what is dear after.

    `elsewhere` is asked over the network and says no when it cannot be asked.
    """

    policy: PasswordPolicy
    passwords: Passwords
    elsewhere: BreachList | None = None

    @property
    def min_length(self) -> int:
        """What pages tell the reader beforehand."""
        return self.policy.min_length

    def accept(self, typed: str, *, about: Iterable[str | None] = (), field: str = "password") -> str:
        """Judge what was typed by what is at hand, see `PasswordPolicy.accept`."""
        return self.policy.accept(typed, about=about, field=field)

    def hash(self, accepted: str, *, field: str = "password") -> str:
        """Hash a password that `accept` has returned, outside of any transaction.

        Raises `ValidationFailed` with `password_breached`, and `Unavailable` when the hash queue is full.
        """
        if self.elsewhere is not None and self.elsewhere.knows(accepted):
            raise breached(field)
        return self.passwords.hash(accepted)
