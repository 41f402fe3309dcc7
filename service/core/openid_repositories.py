"""What a transaction offers to the OpenID provider, as Protocols."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from service.core.openid import AccessToken, Client, Consent, Grant, RefreshToken, SigningKey


class Clients(Protocol):
    """The services that may ask."""

    def get(self, client_id: str) -> Client | None: ...

    def all(self) -> Sequence[Client]: ...

    def add(self, client: Client) -> None: ...

    def rotate_secret(self, client_id: str, secret_hash: bytes, *, earlier_until: datetime) -> bool:
        """Set a new secret; the present one stays good for a while. False for an unknown client."""

    def disable(self, client_id: str, *, at: datetime) -> bool:
        """Close it, and end everything it holds; False when it was so already."""


class SigningKeys(Protocol):
    """The keys tokens are signed with."""

    def all(self) -> Sequence[SigningKey]:
        """The newest generation first."""

    def add(self, key: SigningKey) -> bool:
        """Insert; False when somebody else has added that generation."""

    def drop_before(self, generation: int) -> int:
        """Forget the generations before one."""


class Grants(Protocol):
    """What readers have granted, and the tokens that came of it. Dropping a grant ends all of them."""

    def add(self, grant: Grant) -> None: ...

    def by_code(self, code_hash: bytes) -> Grant | None: ...

    def alive(self, grant_id: UUID, now: datetime) -> Grant | None:
        """A grant whose session, account and client still stand behind it."""

    def redeem(self, grant_id: UUID, *, at: datetime, expires_at: datetime) -> bool:
        """Use its code up; True for exactly one of any number of callers."""

    def drop(self, grant_id: UUID) -> bool: ...

    def add_refresh_token(self, token: RefreshToken) -> None: ...

    def refresh_token(self, token_hash: bytes) -> RefreshToken | None: ...

    def use_refresh_token(self, token_hash: bytes, *, at: datetime) -> bool:
        """Use it up; True for exactly one of any number of callers."""

    def purge(self, now: datetime) -> int: ...


class AccessTokens(Protocol):
    """The access tokens that are out."""

    def add(self, token: AccessToken, token_hash: bytes) -> None: ...

    def drop(self, token_hash: bytes, *, client_id: str) -> bool: ...

    def purge(self, now: datetime) -> int: ...


class Consents(Protocol):
    """What readers let third parties know."""

    def get(self, user_id: UUID, client_id: str) -> Consent | None: ...

    def put(self, consent: Consent) -> None: ...
