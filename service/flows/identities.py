"""What linking and unlinking an identity entail, whichever story leads there: record, letter, revocation."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from service.core.errors import IdentityTaken
from service.core.identities import Identity, PendingIdentity
from service.core.ports import UnitOfWork
from service.core.values import Priority, User, Visit, new_id
from service.flows.notices import tell
from service.flows.ways_in import BEGINNING, forget_factors_since

LINKED = "identity_linked"
UNLINKED = "identity_unlinked"
JOINED = "joined_with_provider"
REVOKE = "provider_revoke"  # an errand
PATIENCE = timedelta(days=7)  # how long a provider that is away is asked to take a grant back


def link(
    uow: UnitOfWork, user: User, found: PendingIdentity, *, at: datetime, visit: Visit, letter: str = LINKED
) -> None:
    """Connect a proven identity to an account and tell its owner. Raises `IdentityTaken`."""
    identity = Identity(
        id=new_id(),
        user_id=user.id,
        provider=found.provider,
        issuer=found.issuer,
        subject=found.subject,
        email=found.email or None,
        refresh_token=found.refresh_token,
        blocked_at=None,
        created_at=at,
        last_used_at=at,
    )
    if not uow.identities.add(identity):
        raise IdentityTaken
    tell(uow, user, letter, at=at, visit=visit, provider=found.provider)
    uow.audit.record("identity.linked", at=at, user_id=user.id, visit=visit, provider=found.provider)


def unlinked(uow: UnitOfWork, user: User, identity: Identity, *, at: datetime, visit: Visit | None) -> None:
    """Note that an identity is gone, tell the owner, and have the provider take its grant back."""
    revoke(uow, [identity], at=at)
    tell(uow, user, UNLINKED, at=at, visit=visit, provider=identity.provider)
    uow.audit.record("identity.unlinked", at=at, user_id=user.id, visit=visit, provider=identity.provider)


def revoke(uow: UnitOfWork, identities: Iterable[Identity], *, at: datetime) -> None:
    """Ask the providers, through the outbox, to take back what they granted us."""
    for identity in identities:
        if identity.refresh_token is not None:
            uow.outbox.add(
                REVOKE,
                address="",
                canonical="",
                at=at,
                expires_in=PATIENCE,
                priority=Priority.NOTICE,
                context={"provider": identity.provider, "token": identity.refresh_token},
            )


def say_farewell(uow: UnitOfWork, user: User, *, at: datetime) -> None:
    """Give back what providers granted, before the account is erased."""
    revoke(uow, uow.identities.of(user.id), at=at)


def in_other_hands(uow: UnitOfWork, user: User) -> bool:
    """Whether the provider that runs an account's very mailbox has told us that a thief may read it."""
    return any(
        identity.blocked_at is not None and (identity.email or "").lower() == user.canonical
        for identity in uow.identities.of(user.id)
    )


def reclaim(uow: UnitOfWork, user: User, *, at: datetime, visit: Visit) -> User:
    """Give an account whose address nobody had proven to its mailbox's owner, as if it were new.

    Whoever made it may have set a password, signed in or linked an identity of theirs in the hope that the
    owner would come (pre-hijacking; Sudhodanan and Paverd, 2022): all of that goes.
    """
    if user.email_verified or not uow.users.reclaim(user.id, at=at):
        return user
    drop_unproven(uow, user.id, at=at)
    uow.signups.discard(user.mailbox.canonical)
    uow.audit.record("email.verified", at=at, user_id=user.id, visit=visit)
    if user.has_password:
        uow.audit.record("password.dropped", at=at, user_id=user.id, visit=visit)
    return uow.users.by_id(user.id) or user


def drop_unproven(uow: UnitOfWork, user_id: UUID, *, at: datetime) -> None:
    """End the sessions, devices, identities and factors an account had before its address was proven."""
    uow.sessions.end_all(user_id)
    forget_factors_since(uow, user_id, BEGINNING)
    uow.devices.forget(user_id)
    revoke(uow, uow.identities.remove_all(user_id), at=at)
