"""What a foreign scheme is."""

from typing import Protocol


class ForeignScheme(Protocol):
    """One kind of hash. `prefixes` are how its hashes begin; no two schemes share one."""

    @property
    def prefixes(self) -> tuple[str, ...]: ...

    def knows(self, password_hash: str) -> bool:
        """Whether it is well-formed, and what it asks to be computed within bounds: about a second, 256 MiB."""

    def matches(self, password_hash: str, secret: bytes) -> bool:
        """Compare with a hash that is known; `secret` is the password in NFC, as UTF-8."""
