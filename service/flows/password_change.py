"""A signed-in reader changes the password, or sets a first one."""

from dataclasses import dataclass

from service.core.errors import FieldError, InvalidCredentials, ValidationFailed
from service.core.ports import Clock, Store
from service.core.values import Visit
from service.flows.new_passwords import NewPasswords
from service.flows.notices import tell_password_changed
from service.flows.reauthentication import Reauthentication
from service.flows.sessions import SignedIn, carry_over


@dataclass(frozen=True)
class PasswordChange:
    """Knows the current password, or, where there is none, a fresh sign-in."""

    store: Store
    clock: Clock
    new_passwords: NewPasswords
    reauthentication: Reauthentication

    def change(self, here: SignedIn, *, current: str | None, new: str, visit: Visit) -> SignedIn:
        """Set the new password; every other session and every mailed link ends, this session gets a new secret.

        Raises `InvalidCredentials` for a wrong or missing current password, `ReauthenticationRequired`
        for a passwordless account whose sign-in is older than 15 minutes, and `ValidationFailed`.
        """
        user = here.user
        if user.email is None:
            raise ValidationFailed(
                [FieldError("new_password", "email_required", "Add an email address to your account first.")]
            )
        accepted = self.new_passwords.accept(new, about=(user.email, user.name), field="new_password")
        self.reauthentication.require(here, current, visit)
        password_hash = self.new_passwords.hash(accepted, field="new_password")
        now = self.clock()
        with self.store.write() as uow:
            changed = uow.users.set_password(user.id, password_hash, if_epoch=here.session.epoch, at=now)
            if not changed:
                raise InvalidCredentials
            uow.guesses.forget(user.mailbox.canonical)
            renewed = carry_over(uow, here)
            tell_password_changed(uow, user, at=now, visit=visit)
            uow.audit.record("password.changed", at=now, user_id=user.id, visit=visit)
        return renewed
