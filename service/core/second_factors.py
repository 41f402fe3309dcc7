"""Proving more than a password: authenticator apps, recovery codes, passkeys, and the step that asks for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from service.core.recovery_codes import plain

STEP_LIFE = timedelta(minutes=10)
"""From the first factor to the second."""

CEREMONY_LIFE = timedelta(minutes=5)
"""From a challenge to the passkey's answer."""

TRIES = 5
"""Wrong codes after which a sign-in begins anew; who guesses is counted beside, by account."""

LONGEST_APP_CODE = 10

MULTIPLE = "mfa"
"""What a session's `amr` says where more than one factor was proven (RFC 8176, section 2)."""


class Method(StrEnum):
    """A second factor, as the API names it."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"


def method_of(code: str) -> Method:
    """Tell an app's code from a recovery code by its length: people have one field for both."""
    return Method.RECOVERY_CODE if len(plain(code)) > LONGEST_APP_CODE else Method.TOTP


@dataclass(frozen=True)
class SecondStep:
    """A sign-in whose first factor is proven. It opens nothing but the step that asks for the second."""

    secret_hash: bytes = field(repr=False)
    user_id: UUID
    epoch: int
    amr: tuple[str, ...]
    remember: bool
    next: str | None
    expires_at: datetime
    failures: int = 0


@dataclass(frozen=True)
class AuthenticatorApp:
    """The secret an account shares with an app, encrypted. Without `confirmed_at` it has not shown a code yet.

    `last_step` is the time step of the newest code that was used: none works twice, and no older one (RFC 6238,
    section 5.2).
    """

    user_id: UUID
    locked_secret: str = field(repr=False)
    created_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = 0


@dataclass(frozen=True)
class Passkey:
    """A credential of the Web Authentication API, as its authenticator made it.

    `public_key` is COSE (RFC 9052), encoded; `copied_at` is since when a signature counter that went back suggests
    that there are two of it (WebAuthn Level 3, section 6.1.1).
    """

    id: UUID
    user_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    synced: bool
    created_at: datetime
    last_used_at: datetime | None = None
    copied_at: datetime | None = None


@dataclass(frozen=True)
class Ceremony:
    """A challenge that waits for a passkey's answer: once, in one browser, for one account where one adds a passkey."""

    challenge_hash: bytes
    user_id: UUID | None
    expires_at: datetime


@dataclass(frozen=True)
class NewCredential:
    """What an authenticator told of a credential it has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool


@dataclass(frozen=True)
class Assertion:
    """What an authenticator told when it was used."""

    sign_count: int
    synced: bool


class OneTimeCodes(Protocol):
    """Codes of authenticator apps: six digits, 30 seconds, SHA-1 (RFC 6238)."""

    def new_secret(self) -> str:
        """Return 160 fresh random bits, in base 32."""

    def uri(self, secret: str, account: str) -> str:
        """Return what an app reads from a QR code (`otpauth:`)."""

    def step(self, secret: str, code: str, at: datetime) -> int | None:
        """Return the time step a code belongs to: this one, or the one before or after. None for a wrong code."""


class Authenticators(Protocol):
    """The server's half of the Web Authentication API. User verification is always required."""

    def creation_options(
        self, *, challenge: bytes, user_id: UUID, account: str, name: str, known: Sequence[bytes]
    ) -> Mapping[str, Any]:
        """Return PublicKeyCredentialCreationOptionsJSON; the credentials in `known` are not made again."""

    def request_options(self, challenge: bytes) -> Mapping[str, Any]:
        """Return PublicKeyCredentialRequestOptionsJSON for any passkey: it names no account's."""

    def registered(self, credential: Mapping[str, Any], challenge: bytes) -> NewCredential:
        """Check a RegistrationResponseJSON. Raises `InvalidPasskey`."""

    def credential_id(self, credential: Mapping[str, Any]) -> bytes:
        """Return which passkey an AuthenticationResponseJSON is from. Raises `InvalidPasskey`."""

    def asserted(self, credential: Mapping[str, Any], challenge: bytes, passkey: Passkey) -> Assertion:
        """Check an AuthenticationResponseJSON. Raises `InvalidPasskey`."""


class SecondSteps(Protocol):
    """The sign-ins that wait for their second factor."""

    def add(self, step: SecondStep) -> None: ...

    def get(self, secret_hash: bytes) -> SecondStep | None: ...

    def fail(self, secret_hash: bytes) -> None:
        """Count a wrong code; after `TRIES` the sign-in is over."""

    def take(self, secret_hash: bytes) -> bool:
        """Delete it; True for exactly one of any number of callers."""

    def end_all(self, user_id: UUID) -> None: ...

    def purge(self, now: datetime) -> int: ...


class AuthenticatorApps(Protocol):
    """The apps; an account has at most one."""

    def of(self, user_id: UUID) -> AuthenticatorApp | None: ...

    def offer(self, app: AuthenticatorApp) -> bool:
        """Keep one that has yet to show a code, in place of another such; False where one is in use."""

    def confirm(self, user_id: UUID, *, step: int, at: datetime) -> bool:
        """Take one into use, with the code of a time step; True for exactly one of any number of callers."""

    def use(self, user_id: UUID, *, step: int) -> bool:
        """Use a code of a time step; True for exactly one of any number of callers."""

    def remove(self, user_id: UUID, *, since: datetime | None = None) -> bool:
        """Remove it; with `since` only one that was taken into use from then on."""


class RecoveryCodes(Protocol):
    """Codes for who has lost the app, kept as SHA-256; each works once."""

    def replace(self, user_id: UUID, hashes: Sequence[bytes], *, at: datetime) -> None: ...

    def count(self, user_id: UUID) -> int: ...

    def use(self, user_id: UUID, code_hash: bytes) -> bool:
        """Use one up; True for exactly one of any number of callers."""

    def remove_all(self, user_id: UUID, *, since: datetime | None = None) -> None:
        """Remove them; with `since` only those that were made from then on."""


class Passkeys(Protocol):
    """The accounts' passkeys."""

    def of(self, user_id: UUID) -> Sequence[Passkey]:
        """Those of an account, oldest first."""

    def by_credential(self, credential_id: bytes) -> Passkey | None: ...

    def add(self, passkey: Passkey) -> bool:
        """Insert; False when the credential is known already, whoever's it is."""

    def used(self, passkey: Passkey, told: Assertion, *, at: datetime) -> None:
        """Note a use, and the counter where it has grown."""

    def flag(self, passkey_id: UUID, *, at: datetime) -> None:
        """Note that there may be a copy."""

    def remove(self, passkey_id: UUID, *, user_id: UUID) -> Passkey | None: ...

    def remove_since(self, user_id: UUID, since: datetime) -> Sequence[Passkey]:
        """Remove those that were added from an instant on; with the beginning of time, all."""


class Ceremonies(Protocol):
    """The challenges that wait."""

    def add(self, ceremony: Ceremony) -> None: ...

    def take(self, challenge_hash: bytes) -> Ceremony | None:
        """Delete and return it, to exactly one of any number of callers."""

    def purge(self, now: datetime) -> int: ...
