"""What flows need from the outside, as Protocols. `service.wiring` supplies the real ones."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from service.core.directory import Answers, Directory
from service.core.mail_repositories import MailEvents, Outbox, SuppressionList
from service.core.openid import Caller, Client
from service.core.openid_repositories import AccessTokens, Clients, Consents, Grants, SigningKeys
from service.core.repositories import (
    Addresses,
    Attempts,
    Audit,
    Devices,
    Guesses,
    Holdings,
    Identities,
    PendingIdentities,
    Sessions,
    Signups,
    Spent,
    Users,
)
from service.core.second_factors import (
    AuthenticatorApps,
    Ceremonies,
    Passkeys,
    RecoveryCodes,
    SecondSteps,
)
from service.core.session_check import SessionCheck
from service.core.throttles import Rule
from service.core.values import (
    Letter,
    OutboxRow,
    Outcome,
    Session,
    User,
)
from service.core.webhooks import Webhooks


class Clock(Protocol):
    """Tell the time, aware UTC."""

    def __call__(self) -> datetime: ...


class UnitOfWork(Protocol):
    """One transaction and the repositories that work in it."""

    @property
    def users(self) -> Users: ...

    @property
    def addresses(self) -> Addresses: ...

    @property
    def signups(self) -> Signups: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def identities(self) -> Identities: ...

    @property
    def attempts(self) -> Attempts: ...

    @property
    def pending_identities(self) -> PendingIdentities: ...

    @property
    def spent(self) -> Spent: ...

    @property
    def second_steps(self) -> SecondSteps: ...

    @property
    def authenticator_apps(self) -> AuthenticatorApps: ...

    @property
    def recovery_codes(self) -> RecoveryCodes: ...

    @property
    def passkeys(self) -> Passkeys: ...

    @property
    def ceremonies(self) -> Ceremonies: ...

    @property
    def devices(self) -> Devices: ...

    @property
    def guesses(self) -> Guesses: ...

    @property
    def holdings(self) -> Holdings: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def suppressions(self) -> SuppressionList: ...

    @property
    def mail_events(self) -> MailEvents: ...

    @property
    def audit(self) -> Audit: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def answers(self) -> Answers: ...

    @property
    def clients(self) -> Clients: ...

    @property
    def consents(self) -> Consents: ...

    @property
    def grants(self) -> Grants: ...

    @property
    def access_tokens(self) -> AccessTokens: ...

    @property
    def signing_keys(self) -> SigningKeys: ...

    @property
    def webhooks(self) -> Webhooks: ...


class Store(Protocol):
    """Where transactions begin. Leaving the block commits, also by a `Detour`; any other exception rolls back.

    Both raise `Unavailable` when the database is away, locked for too long or read-only.
    """

    def write(self) -> AbstractContextManager[UnitOfWork]: ...

    def read(self) -> AbstractContextManager[UnitOfWork]: ...

    def signed_in(self, secret_hash: bytes, now: datetime) -> tuple[User, Session] | None:
        """The live session behind a cookie, in one look-up."""

    def session_check(self, secret_hash: bytes, now: datetime) -> SessionCheck | None:
        """What is told of the live session behind a cookie, in one look-up."""

    def calling(self, token_hash: bytes, now: datetime) -> Caller | None:
        """Who is behind a good access token, in one look-up."""

    def client(self, client_id: str, now: datetime) -> Client | None:
        """A client, open or not, in one look-up."""


class Passwords(Protocol):
    """Hashing with a budget. Both raise `Unavailable` when the queue is full."""

    def hash(self, password: str) -> str: ...

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Compare; None costs the same as a hash and is False."""

    def knows(self, password_hash: str) -> bool:
        """Whether a hash made elsewhere can be verified here, at a cost we would bear."""

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""


class BreachList(Protocol):
    """Passwords that attackers know and try first."""

    def knows(self, password: str) -> bool:
        """Whether a password, in NFC, is on the list. A list that cannot be asked says so in the log, and no."""


class Throttles(Protocol):
    """Counters by named rule (`service.core.throttles`)."""

    def take(self, rule: Rule, key: str) -> None:
        """Count one; raises `RateLimited` when there is no room left."""

    def allows(self, rule: Rule, key: str) -> bool:
        """Count one; False when there is no room left."""

    def count(self, rule: Rule, key: str) -> float:
        """Count one and refuse nothing; how full the rule is then, 1 for the one that fills it and more for others."""

    def give_back(self, rule: Rule, key: str) -> None:
        """Uncount one."""

    def clear(self, rule: Rule, key: str) -> None: ...

    def fullness(self, rule: Rule, key: str) -> float:
        """Look without counting: 0 for nothing counted, 1 or more for no room left, by the window that is fullest."""


class Suspicion(Protocol):
    """Whether whoever asks should show first that they are a person."""

    def raised(self, place: str, *, network: str, address: str | None) -> bool:
        """Say so before the request is counted.

        `place` is "login", "signup" or "forgot", `network` that of the visit, `address` the canonical form of what
        was typed. The answer knows nothing of accounts (ENU-13).
        """


class Farewell(Protocol):
    """Take leave of what an account has elsewhere, in the transaction that erases it.

    Called while its identities are still there; what is to be revoked goes into the outbox.
    """

    def __call__(self, uow: UnitOfWork, user: User, *, at: datetime) -> None: ...


class Prepare(Protocol):
    """Turn one outbox row into the letter it asks for, or into the reason why there is none.

    Runs in the worker inside its transaction; every letter's flow provides one.
    """

    def __call__(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome: ...
