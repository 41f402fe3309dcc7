"""A signed-in reader changes the password, or sets a first one."""

from dataclasses import dataclass
from datetime import timedelta

from service.core.errors import FieldError, InvalidCredentials, ReauthenticationRequired, ValidationFailed
from service.core.passwords import PasswordPolicy, normalise_password
from service.core.ports import Clock, Passwords, Store, Throttles
from service.core.throttles import Rule
from service.core.values import Visit
from service.flows.notices import tell_password_changed
from service.flows.sessions import SignedIn, carry_over

FRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class PasswordChange:
    """Knows the current password, or, where there is none, a fresh sign-in."""

    store: Store
    clock: Clock
    passwords: Passwords
    policy: PasswordPolicy
    throttles: Throttles

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
        accepted = self.policy.accept(new, about=(user.email, user.name), field="new_password")
        if user.password_hash is not None:
            self.throttles.take(Rule.LOGIN_PER_ACCOUNT, user.mailbox.canonical)
            attempt = normalise_password(current or "")
            if attempt is None or not self.passwords.verify(user.password_hash, attempt):
                raise InvalidCredentials
            self.throttles.clear(Rule.LOGIN_PER_ACCOUNT, user.mailbox.canonical)
        elif self.clock() - here.session.auth_time > FRESH:
            raise ReauthenticationRequired
        password_hash = self.passwords.hash(accepted)
        now = self.clock()
        with self.store.write() as uow:
            changed = uow.users.set_password(user.id, password_hash, if_epoch=here.session.epoch, at=now)
            if not changed:
                raise InvalidCredentials
            renewed = carry_over(uow, here)
            tell_password_changed(uow, user, at=now, visit=visit)
            uow.audit.record("password.changed", at=now, user_id=user.id, visit=visit)
        return renewed
