"""What staff do with accounts, from the command line and the user API: same rules, letters and audit.

`by` names who in the audit trail. Steps that take a unit of work are for callers with a transaction of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from service.core.addresses import parse_own_address
from service.core.directory import AccountChanges
from service.core.errors import EmailTaken, FieldError, NotFound, ValidationFailed
from service.core.ports import Clock, Store, UnitOfWork
from service.core.profile import accept_name, accept_roles, require_locale
from service.core.service_errors import PreconditionFailed
from service.core.values import User, Visit, new_id
from service.flows.new_passwords import NewPasswords
from service.flows.password_reset import mail_link

STAFF = "staff"


@dataclass(frozen=True)
class Accounts:
    """Create, change, disable, enable, and mail a reset link. `reset_lifetime` is that of the link."""

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
        user = self.draft(
            email=email, password=password, name=name, locale=locale, roles=roles, verified=verified
        )
        with self.store.write() as uow:
            return self.add(uow, user, visit)

    def draft(
        self,
        *,
        email: str,
        password: str | None,
        name: str | None,
        locale: str | None,
        roles: Sequence[str],
        verified: bool,
        password_hash: str | None = None,
    ) -> User:
        """Make an account that is in no database yet: hashing takes its time. Raises `ValidationFailed`."""
        address, now = parse_own_address(email), self.clock()
        draft = User(
            id=new_id(),
            email=address.email,
            canonical=address.canonical,
            created_at=now,
            email_verified_at=now if verified else None,
            name=accept_name(name),
            locale=require_locale(locale),
            roles=accept_roles(roles),
        )
        if password_hash is not None:
            return replace(draft, password_hash=self._known_hash(password_hash, password))
        if password is None:
            return draft
        accepted = self.new_passwords.accept(password, about=(email, name))
        return replace(draft, password_hash=self.new_passwords.hash(accepted))

    def add(self, uow: UnitOfWork, user: User, visit: Visit, *, by: str = STAFF, **data: str) -> User:
        """Keep a drafted account; `data` go into the audit trail. Raises `EmailTaken`."""
        if not uow.users.add(user):
            raise EmailTaken
        uow.audit.record("user.created", at=self.clock(), user_id=user.id, visit=visit, by=by, **data)
        return user

    def change(
        self,
        user_id: UUID,
        changes: AccountChanges,
        visit: Visit,
        *,
        by: str = STAFF,
        as_seen: Callable[[User], bool] = lambda _: True,
    ) -> User:
        """Change what is given; `as_seen` tells whether the account still is as the caller saw it.

        Raises `NotFound`, `ValidationFailed` and `PreconditionFailed`.
        """
        with self.store.write() as uow:
            before = uow.users.locked(user_id)
            if before is None:
                raise NotFound
            if not as_seen(before):
                raise PreconditionFailed
            self._change_profile(uow, before, changes, visit, by)
            if "disabled" in changes:
                self.set_disabled(uow, user_id, visit, by, disabled=changes["disabled"])
            return uow.users.by_id(user_id) or before

    def disable(self, user_id: UUID, visit: Visit, *, by: str = STAFF) -> User:
        """Close an account: its sessions and links die at once. Raises `NotFound`."""
        return self.change(user_id, {"disabled": True}, visit, by=by)

    def enable(self, user_id: UUID, visit: Visit, *, by: str = STAFF) -> User:
        """Open a closed account again. Raises `NotFound`."""
        return self.change(user_id, {"disabled": False}, visit, by=by)

    def set_roles(self, user_id: UUID, roles: Sequence[str], visit: Visit, *, by: str = STAFF) -> User:
        """Give an account these roles and no others; its sessions and links die at once where that changes any.

        Raises `NotFound` and `ValidationFailed`.
        """
        accepted = accept_roles(roles)
        with self.store.write() as uow:
            before = uow.users.locked(user_id)
            if before is None:
                raise NotFound
            if accepted != before.roles:
                self._change_profile(uow, before, {"roles": accepted}, visit, by)
                self.sign_out(uow, user_id, visit, by=by)
            return uow.users.by_id(user_id) or before

    def send_reset(self, user_id: UUID, visit: Visit, *, by: str = STAFF) -> User:
        """Mail the owner a reset link; nobody else sees it. Sessions end at once.

        Raises `NotFound`, and `ValidationFailed` for an account without an address.
        """
        with self.store.write() as uow:
            return self.mail_reset(uow, user_id, visit, by=by)

    def mail_reset(self, uow: UnitOfWork, user_id: UUID, visit: Visit, *, by: str = STAFF) -> User:
        """Do the same in a transaction that is open."""
        user = self._known(uow, user_id)
        if user.email is None:
            raise ValidationFailed(
                [FieldError("email", "email_required", "This account has no address to write to.")]
            )
        uow.users.raise_epoch(user_id)
        uow.sessions.end_all(user_id)
        mail_link(uow, user, at=self.clock(), lifetime=self.reset_lifetime, visit=visit, by=STAFF)
        uow.audit.record("password.reset_sent", at=self.clock(), user_id=user_id, visit=visit, by=by)
        return user

    def sign_out_everywhere(self, user_id: UUID, visit: Visit, *, by: str = STAFF) -> None:
        """End every session and mailed link of an account. Raises `NotFound`."""
        with self.store.write() as uow:
            self.sign_out(uow, user_id, visit, by=by)

    def sign_out(self, uow: UnitOfWork, user_id: UUID, visit: Visit, *, by: str = STAFF) -> None:
        """Do the same in a transaction that is open."""
        self._known(uow, user_id)
        uow.users.raise_epoch(user_id)
        uow.sessions.end_all(user_id)
        uow.audit.record("session.revoked_all", at=self.clock(), user_id=user_id, visit=visit, by=by)

    def _change_profile(
        self, uow: UnitOfWork, before: User, changes: AccountChanges, visit: Visit, by: str
    ) -> None:
        after, now = before, self.clock()
        if "name" in changes:
            after = replace(after, name=accept_name(changes["name"]))
        if "locale" in changes:
            after = replace(after, locale=require_locale(changes["locale"]))
        if "roles" in changes:
            after = replace(after, roles=accept_roles(changes["roles"]))
        if after == before:
            return
        uow.users.set_profile(after, at=now)
        uow.users.set_roles(after.id, after.roles, at=now)
        fields = [
            name for name in ("name", "locale", "roles") if getattr(after, name) != getattr(before, name)
        ]
        uow.audit.record("user.updated", at=now, user_id=after.id, visit=visit, by=by, fields=fields)

    def set_disabled(self, uow: UnitOfWork, user_id: UUID, visit: Visit, by: str, *, disabled: bool) -> None:
        """Close or open an account in a transaction that is open."""
        now = self.clock()
        if not uow.users.set_disabled(user_id, now if disabled else None):
            return  # it was so already
        if disabled:
            uow.sessions.end_all(user_id)
        kind = "user.disabled" if disabled else "user.enabled"
        uow.audit.record(kind, at=now, user_id=user_id, visit=visit, by=by)

    def _known_hash(self, password_hash: str, password: str | None) -> str:
        if password is not None:
            raise ValidationFailed(
                [FieldError("password_hash", "password_given_twice", "Give a password or a hash, not both.")]
            )
        if not self.new_passwords.passwords.knows(password_hash):
            raise ValidationFailed(
                [
                    FieldError(
                        "password_hash",
                        "unsupported_hash",
                        "This hash cannot be verified here. docs/imports.md lists the kinds that can.",
                    )
                ]
            )
        return password_hash

    @staticmethod
    def _known(uow: UnitOfWork, user_id: UUID) -> User:
        user = uow.users.by_id(user_id)
        if user is None:
            raise NotFound
        return user
