"""What a transaction offers, as Protocols: a repository for each kind of thing that is kept."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from service.core.addresses import Address
from service.core.guesses import Guesser, Patience, Tally
from service.core.identities import Attempt, Identity, PendingIdentity
from service.core.values import (
    EmailUndo,
    PendingSignup,
    Session,
    User,
    Visit,
)


class Users(Protocol):
    """The accounts."""

    def by_id(self, user_id: UUID) -> User | None: ...

    def holders(self, canonicals: Collection[str]) -> Mapping[str, UUID]:
        """Which of these addresses have an account, and which."""

    def page(self, after: UUID, *, limit: int) -> Sequence[User]:
        """The next accounts in the order of their ids."""

    def by_address(self, canonical: str) -> User | None: ...

    def add(self, user: User) -> bool:
        """Insert; False when another account has the address."""

    def set_password(
        self,
        user_id: UUID,
        password_hash: str,
        *,
        if_epoch: int,
        at: datetime,
        if_reset_letter: UUID | None = None,
    ) -> bool:
        """Set the password, raise the epoch, forget the reset letter; False when the account moved on."""

    def locked(self, user_id: UUID) -> User | None:
        """Return an account nobody else may change before this transaction ends."""

    def reclaim(self, user_id: UUID, *, at: datetime) -> bool:
        """Give an account whose address nobody had proven to who proves it now: no password, a new epoch.

        False when the address was proven already.
        """

    def verify_email(self, user_id: UUID, *, at: datetime) -> bool:
        """Mark the address proven; False when it already was."""

    def rehash(self, user_id: UUID, password_hash: str, *, if_hash: str) -> bool:
        """Store the same password under newer parameters; the epoch stays."""

    def retire_password(self, user_id: UUID, *, at: datetime) -> bool:
        """Take password, links and a planned erasure from an account, and raise its epoch; False for a closed one."""

    def raise_epoch(self, user_id: UUID) -> int | None:
        """Kill every session and link made so far; the new epoch, None for an unknown id."""

    def raise_epochs(self, after: UUID, *, limit: int) -> Sequence[UUID]:
        """Do so for the next accounts in the order of their ids; return these."""

    def newest_reset_letter(self, user_id: UUID, letter: UUID) -> bool:
        """Make `letter` the only one whose link works; False when a newer one already is."""

    def newest_login_letter(self, user_id: UUID, letter: UUID) -> bool:
        """Make `letter` the only one whose link signs in; False when a newer one already is."""

    def spend_login_letter(self, user_id: UUID, letter: UUID, *, if_epoch: int) -> bool:
        """Use its link up; True for exactly one of any number of callers."""

    def set_profile(self, user: User, *, at: datetime) -> bool:
        """Store name, language and consent; False when the account is gone."""

    def set_roles(self, user_id: UUID, roles: tuple[str, ...], *, at: datetime) -> bool: ...

    def set_disabled(self, user_id: UUID, at: datetime | None) -> bool:
        """Disable (and raise the epoch) or enable; False when it already was so or is unknown."""


class Addresses(Protocol):
    """How accounts get other addresses, and their earlier ones back."""

    def expect_change(self, user_id: UUID, letter: UUID) -> None:
        """Make `letter` the only one whose link changes the address."""

    def change(self, user_id: UUID, to: Address, *, if_epoch: int, if_letter: UUID, at: datetime) -> bool:
        """Set a proven address and raise the epoch; False when the account moved on. Raises `EmailTaken`."""

    def keep_for_undo(self, undo: EmailUndo) -> None: ...

    def undo(self, undo_id: UUID) -> EmailUndo | None:
        """Return an address that may be brought back."""

    def take_undo(self, undo: EmailUndo) -> bool:
        """Delete it and the account's later ones; True for exactly one of any number of callers."""

    def restore(self, undo: EmailUndo, *, at: datetime) -> bool:
        """Give the address back; password and a planned erasure go.

        The epoch rises. False for a disabled account. Raises `EmailTaken`.
        """

    def purge(self, now: datetime) -> int: ...


class Signups(Protocol):
    """Sign-ups that wait for their mailbox to be proven."""

    def add(self, signup: PendingSignup) -> None: ...

    def get(self, signup_id: UUID) -> PendingSignup | None: ...

    def take(self, signup: PendingSignup) -> bool:
        """Delete one and all others for its address; True for exactly one of any number of callers."""

    def discard(self, canonical: str) -> None:
        """Delete all for an address."""

    def purge(self, now: datetime) -> int: ...


class Sessions(Protocol):
    """The signed-in browsers. With one ends what was granted in it to other services, and they are told."""

    def add(self, session: Session, secret_hash: bytes) -> None: ...

    def of(self, user_id: UUID, now: datetime) -> Sequence[Session]:
        """Those alive, last used first."""

    def touch(self, session_id: UUID, *, seen_at: datetime, idle_until: datetime, ip: str) -> None: ...

    def end(self, session_id: UUID, *, user_id: UUID) -> bool: ...

    def end_by_hash(self, secret_hash: bytes) -> Session | None: ...

    def hand_over(self, secret_hash: bytes, *, to: Session) -> None:
        """End a browser's earlier session; what the same reader granted in it goes on in the new one."""

    def end_all(self, user_id: UUID, *, but: UUID | None = None) -> int: ...

    def end_all_of(self, user_ids: Sequence[UUID]) -> None:
        """End every session of several accounts."""

    def renew(self, session_id: UUID, *, epoch: int, secret_hash: bytes) -> None:
        """Carry one session over a raised epoch, under a new secret."""

    def purge(self, now: datetime) -> int: ...


class Identities(Protocol):
    """The accounts' identities at other providers."""

    def by_subject(self, issuer: str, subject: str) -> Identity | None: ...

    def of(self, user_id: UUID) -> Sequence[Identity]: ...

    def add(self, identity: Identity) -> bool:
        """Insert; False when it is linked already, or the account has another identity of that provider."""

    def used(self, identity_id: UUID, **values: Any) -> None: ...

    def block(self, identity_id: UUID, at: datetime | None) -> None: ...

    def unblock_all(self, user_id: UUID) -> None: ...

    def remove(self, user_id: UUID, provider: str) -> Identity | None: ...

    def remove_all(self, user_id: UUID) -> Sequence[Identity]: ...

    def remove_since(self, user_id: UUID, since: datetime) -> Sequence[Identity]:
        """Remove those that were added from an instant on."""


class Attempts(Protocol):
    """Sign-ins that are away at a provider. Taking one deletes it: True, or the row, for one caller only."""

    def add(self, attempt: Attempt) -> None: ...

    def park(self, state_hash: bytes, provider: str, *, handle_hash: bytes, parked: str) -> bool:
        """Keep what a form brought until its browser fetches it; False for an attempt that is not there."""

    def take(self, state_hash: bytes) -> Attempt | None: ...

    def take_parked(self, handle_hash: bytes) -> Attempt | None: ...

    def purge(self, now: datetime) -> int: ...


class PendingIdentities(Protocol):
    """Identities that wait for a proof."""

    def add(self, pending: PendingIdentity) -> None: ...

    def get(self, pending_id: UUID) -> PendingIdentity | None: ...

    def newest_of(self, browser_hash: bytes) -> PendingIdentity | None: ...

    def take(self, pending: PendingIdentity) -> bool: ...

    def purge(self, now: datetime) -> int: ...


class Spent(Protocol):
    """What may be used once."""

    def add(self, digest: bytes, *, until: datetime) -> bool:
        """Note a use; False when it is not the first."""

    def knows(self, digest: bytes) -> bool: ...

    def purge(self, now: datetime) -> int: ...


class Devices(Protocol):
    """The browsers an account has been used from."""

    def any(self, user_id: UUID) -> bool:
        """Whether there is one at all."""

    def known(self, canonical: str, secret_hash: bytes) -> bool:
        """Whether one has signed in to the account of an address."""

    def note(self, user_id: UUID, secret_hash: bytes, *, at: datetime) -> bool:
        """Remember that one signs in; True when it is new."""

    def forget(self, user_id: UUID) -> None:
        """Forget all."""

    def purge(self, before: datetime) -> int: ...


class Guesses(Protocol):
    """Wrong passwords in a row."""

    def of(self, guesser: Guesser) -> Tally | None: ...

    def claim(self, guesser: Guesser, seen: Tally, patience: Patience, *, at: datetime) -> bool:
        """Count one before it is looked at; True for one of any number of callers who have seen the same tally."""

    def add(self, guesser: Guesser, patience: Patience, *, at: datetime) -> Tally:
        """Count a failure."""

    def forgive(self, guesser: Guesser) -> None:
        """Start anew after the right password."""

    def forget(self, canonical: str) -> None:
        """Start anew at an address, its known browsers included, once its owner is proven."""

    def purge(self, now: datetime) -> int: ...


class Holdings(Protocol):
    """Everything held on a reader: shown to them, and erased for them."""

    def of(self, user: User) -> dict[str, Any]:
        """Return it by kind, without what opens doors."""

    def plan_erasure(self, user_id: UUID, *, erases_at: datetime, if_epoch: int) -> bool:
        """Say when the account goes and raise its epoch; False when it moved on."""

    def keep(self, user_id: UUID) -> bool:
        """Take the plan back; False when the account is gone."""

    def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Accounts whose time has come."""

    def begin_erasure(self, user: User, now: datetime) -> bool:
        """Erase what stands beside the account and the person out of its audit events; False when it is not due."""

    def finish_erasure(self, user: User) -> None:
        """Erase the account and all that hangs on it."""


class Audit(Protocol):
    """What happened, for people who ask later."""

    def record(
        self, kind: str, *, at: datetime, user_id: UUID | None = None, visit: Visit | None = None, **data: Any
    ) -> None: ...

    def made_by(self, by: str, user_ids: Collection[UUID]) -> Collection[UUID]:
        """Those of these accounts that `by` has made."""
