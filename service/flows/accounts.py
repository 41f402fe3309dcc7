"""What staff do with accounts, from the command line and the user API: same rules, letters and audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from service.core.addresses import parse_own_address
from service.core.errors import EmailTaken, FieldError, NotFound, ValidationFailed
from service.core.ports import Clock, Store, UnitOfWork
from service.core.profile import accept_locale, accept_name
from service.core.values import User, Visit, new_id
from service.flows.new_passwords import NewPasswords
from service.flows.password_reset import mail_link


@dataclass(frozen=True)
class Accounts:
    """Create, disable, enable, and mail a reset link. `reset_lifetime` is that of the link."""

    store: Store
    clock: Clock
    new_passwords: NewPasswords
    reset_lifetime: timedelta

    def create(
        self,
        *,
        email: str,
        password: str | None,
        visit: Visit,
        name: str | None = None,
        locale: str | None = None,
        roles: Sequence[str] = (),
        verified: bool = True,
    ) -> User:
        """Add an account. Raises `ValidationFailed` and `EmailTaken`."""
        address = parse_own_address(email)
        accepted_name = accept_name(name)
        password_hash = None
        if password is not None:
            password_hash = self.new_passwords.hash(self.new_passwords.accept(password, about=(email, name)))
        now = self.clock()
        user = User(
            id=new_id(),
            email=address.email,
            canonical=address.canonical,
            created_at=now,
            email_verified_at=now if verified else None,
            name=accepted_name,
            locale=accept_locale(locale),
            roles=tuple(dict.fromkeys(roles)),
            password_hash=password_hash,
        )
        with self.store.write() as uow:
            if not uow.users.add(user):
                raise EmailTaken
            uow.guesses.forget(user.mailbox.canonical)
            uow.audit.record("user.created", at=now, user_id=user.id, visit=visit, by="staff")
        return user

    def disable(self, user_id: UUID, visit: Visit) -> User:
        """Close an account: its sessions and links die at once. Raises `NotFound`."""
        with self.store.write() as uow:
            user = self._known(uow, user_id)
            if uow.users.set_disabled(user_id, self.clock()):
                uow.sessions.end_all(user_id)
                uow.audit.record("user.disabled", at=self.clock(), user_id=user_id, visit=visit)
            return uow.users.by_id(user_id) or user

    def enable(self, user_id: UUID, visit: Visit) -> User:
        """Open a closed account again. Raises `NotFound`."""
        with self.store.write() as uow:
            user = self._known(uow, user_id)
            if uow.users.set_disabled(user_id, None):
                uow.audit.record("user.enabled", at=self.clock(), user_id=user_id, visit=visit)
            return uow.users.by_id(user_id) or user

    def send_reset(self, user_id: UUID, visit: Visit) -> User:
        """Mail the owner a reset link; nobody else sees it. Sessions end at once.

        Raises `NotFound`, and `ValidationFailed` for an account without an address.
        """
        with self.store.write() as uow:
            user = self._known(uow, user_id)
            if user.email is None:
                raise ValidationFailed(
                    [FieldError("email", "email_required", "This account has no address to write to.")]
                )
            uow.users.raise_epoch(user_id)
            uow.sessions.end_all(user_id)
            mail_link(uow, user, at=self.clock(), lifetime=self.reset_lifetime, visit=visit, by="staff")
            uow.audit.record("password.reset_sent", at=self.clock(), user_id=user_id, visit=visit)
        return user

    @staticmethod
    def _known(uow: UnitOfWork, user_id: UUID) -> User:
        user = uow.users.by_id(user_id)
        if user is None:
            raise NotFound
        return user
