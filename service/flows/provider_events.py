"""What a provider tells us behind the reader's back: an account gone, a grant taken back, a thief at work."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.core.errors import NotFound
from service.core.identities import EventKind, Identity, IdentityProvider, ProviderEvent
from service.core.mail_events import Reason, Suppression
from service.core.ports import Clock, Store, UnitOfWork
from service.core.values import Priority, User, digest
from service.flows.identities import unlinked
from service.flows.ways_in import can_use_password

logger = logging.getLogger(__name__)

STAFF_NOTICE = "staff_account_closed"
MENDED_BY_FORWARDING = (Reason.FORWARDING_OFF, Reason.SOFT_BOUNCES, Reason.HARD_BOUNCE)
REMEMBERED = timedelta(days=30)
PATIENCE = timedelta(days=3)


@dataclass(frozen=True)
class ProviderEvents:
    """Each message counts once, whoever repeats it. `staff` is the address told of accounts that close, if any."""

    store: Store
    clock: Clock
    providers: Mapping[str, IdentityProvider]
    staff: str | None

    def receive(self, name: str, body: str) -> None:
        """Act on a message. Raises `NotFound`, `InvalidNotification`, `ProviderUnavailable`."""
        provider = self.providers.get(name)
        if provider is None:
            raise NotFound
        notification = provider.read_notification(body)
        now = self.clock()
        with self.store.write() as uow:
            if uow.spent.add(digest(f"{name}/{notification.jti}"), until=now + REMEMBERED):
                for event in notification.events:
                    self._act(uow, event, now)
        about = {"event": "provider.event", "provider": name}
        kinds = [str(event.kind) for event in notification.events]
        logger.info("a provider sent a notification", extra={**about, "kinds": kinds})

    def _act(self, uow: UnitOfWork, event: ProviderEvent, now: datetime) -> None:
        effects: Mapping[EventKind, Callable[[UnitOfWork, User, Identity, datetime], None]] = {
            EventKind.CONSENT_REVOKED: self._let_go,
            EventKind.ACCOUNT_DELETED: self._close,
            EventKind.SESSIONS_REVOKED: self._end_sessions,
            EventKind.HIJACKED: self._block,
            EventKind.RECOVERED: self._unblock,
            EventKind.MAIL_DISABLED: self._stop_writing,
            EventKind.MAIL_ENABLED: self._write_again,
        }
        effect = effects.get(event.kind)
        identity = uow.identities.by_subject(event.issuer, event.subject)
        user = uow.users.locked(identity.user_id) if identity else None
        if effect is None or identity is None or user is None:
            return
        effect(uow, user, identity, now)
        uow.audit.record(f"provider.{event.kind}", at=now, user_id=user.id, provider=identity.provider)

    def _let_go(self, uow: UnitOfWork, user: User, identity: Identity, now: datetime) -> None:
        """Unlink. Who takes a consent back may give it again, and then finds the account by its address."""
        self._end_sessions(uow, user, identity, now)
        uow.identities.remove(user.id, identity.provider)
        unlinked(uow, user, identity, at=now, visit=None)

    def _close(self, uow: UnitOfWork, user: User, identity: Identity, now: datetime) -> None:
        """Unlink; an account that nobody can open any more is closed, and staff hear of it first."""
        self._let_go(uow, user, identity, now)
        if uow.identities.of(user.id) or uow.passkeys.of(user.id) or can_use_password(user) or user.disabled:
            return
        self._tell_staff(uow, user, identity, now)
        uow.users.set_disabled(user.id, now)
        uow.audit.record("user.disabled", at=now, user_id=user.id, by=identity.provider)

    def _end_sessions(self, uow: UnitOfWork, user: User, _: Identity, now: datetime) -> None:
        uow.users.raise_epoch(user.id)
        uow.sessions.end_all(user.id)

    def _block(self, uow: UnitOfWork, user: User, identity: Identity, now: datetime) -> None:
        """Somebody else may hold the identity, and with it the mailbox: neither opens the account for a while."""
        self._end_sessions(uow, user, identity, now)
        uow.identities.block(identity.id, now)

    def _unblock(self, uow: UnitOfWork, user: User, identity: Identity, now: datetime) -> None:
        uow.identities.block(identity.id, None)

    def _stop_writing(self, uow: UnitOfWork, user: User, identity: Identity, now: datetime) -> None:
        """The reader has switched off forwarding of their relay address: letters to it would only bounce."""
        if identity.email:
            relay = identity.email.lower()
            uow.suppressions.put(Suppression(relay, Reason.FORWARDING_OFF, identity.provider, now))

    def _write_again(self, uow: UnitOfWork, user: User, identity: Identity, now: datetime) -> None:
        if identity.email:
            uow.suppressions.lift(identity.email.lower(), reasons=MENDED_BY_FORWARDING)

    def _tell_staff(self, uow: UnitOfWork, user: User, identity: Identity, now: datetime) -> None:
        logger.warning(
            "an account nobody can open any more is closed",
            extra={"event": "user.orphaned", "user_id": str(user.id), "provider": identity.provider},
        )
        if self.staff is not None:
            uow.outbox.add(
                STAFF_NOTICE,
                address=self.staff,
                canonical=self.staff.lower(),
                at=now,
                expires_in=PATIENCE,
                priority=Priority.NOTICE,
                context={"user": str(user.id), "provider": identity.provider},
            )
