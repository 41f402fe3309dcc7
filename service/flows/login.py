"""Sign in with a password.

Unknown address, wrong password and passwordless account get one answer at one cost: exactly one hash is
computed, and one audit event written, whatever the case. What is particular about an account is said
only after its right password.
"""

from dataclasses import dataclass

from service.core.addresses import parse_address
from service.core.captcha import Place
from service.core.errors import AccountDisabled, EmailUnverified, InvalidCredentials
from service.core.passwords import normalise_password
from service.core.ports import Clock, Passwords, Store, Throttles
from service.core.throttles import Rule
from service.core.values import User, Visit
from service.flows.captcha import Captchas
from service.flows.sessions import Sessions, SignedIn
from service.flows.signup import Signup


@dataclass(frozen=True)
class Login:
    """From address and password to a session."""

    store: Store
    clock: Clock
    passwords: Passwords
    throttles: Throttles
    captchas: Captchas
    sessions: Sessions
    signup: Signup

    def with_password(
        self,
        *,
        email: str,
        password: str,
        remember: bool,
        visit: Visit,
        previous: str | None = None,
        captcha: str | None = None,
    ) -> SignedIn:
        """Sign in.

        Raises `ValidationFailed` (`invalid_email`), as `Captchas.require`, `RateLimited` and `InvalidCredentials`;
        after the right password `AccountDisabled`, or `EmailUnverified` once a new link is on its way.
        """
        address = parse_address(email)
        self.captchas.require(Place.LOGIN, captcha, visit, address=address.canonical)
        self.throttles.take(Rule.LOGIN_PER_CLIENT, visit.network)
        self.throttles.take(Rule.LOGIN_PER_ACCOUNT, address.canonical)
        with self.store.read() as uow:
            user = uow.users.by_address(address.canonical)
        attempt = normalise_password(password)
        matches = self.passwords.verify(user.password_hash if user else None, attempt or "")
        if user is None or attempt is None or not matches:
            self._record_failure(user, visit)
            raise InvalidCredentials
        self.throttles.give_back(Rule.LOGIN_PER_CLIENT, visit.network)
        self.throttles.clear(Rule.LOGIN_PER_ACCOUNT, address.canonical)
        if user.disabled:
            raise AccountDisabled
        if not user.email_verified:
            raise EmailUnverified(binding=self.signup.ask_again(user, visit))
        return self._begin(user, attempt, remember=remember, visit=visit, previous=previous)

    def _begin(
        self, user: User, password: str, *, remember: bool, visit: Visit, previous: str | None
    ) -> SignedIn:
        assert user.password_hash is not None
        newer = self.passwords.hash(password) if self.passwords.outdated(user.password_hash) else None
        with self.store.write() as uow:
            uow.identities.unblock_all(user.id)  # the reader has proven themselves another way
            if newer:
                uow.users.rehash(user.id, newer, if_hash=user.password_hash)
            return self.sessions.begin(
                uow, user, amr=("pwd",), remember=remember, visit=visit, previous=previous
            )

    def _record_failure(self, user: User | None, visit: Visit) -> None:
        with self.store.write() as uow:
            uow.audit.record("login.failed", at=self.clock(), user_id=user.id if user else None, visit=visit)
