"""Sign in with a password. What is particular about an account is said only after its right password."""

from dataclasses import dataclass

from service.core.addresses import parse_address
from service.core.captcha import Place
from service.core.errors import AccountDisabled, EmailUnverified
from service.core.passwords import normalise_password
from service.core.ports import Passwords, Store
from service.core.values import User, Visit
from service.flows.captcha import Captchas
from service.flows.password_check import PasswordCheck
from service.flows.sessions import Sessions, SignedIn
from service.flows.signup import Signup


@dataclass(frozen=True)
class Login:
    """From address and password to a session."""

    store: Store
    passwords: Passwords
    captchas: Captchas
    check: PasswordCheck
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
        next: str | None = None,
    ) -> SignedIn:
        """Sign in. `next` is where the reader goes after a second factor, if the account asks for one.

        Raises `ValidationFailed` (`invalid_email`), as `Captchas.require`, `RateLimited` and `InvalidCredentials`;
        after the right password `AccountDisabled`, or `EmailUnverified` once a new link is on its way.
        """
        address = parse_address(email)
        self.captchas.require(Place.LOGIN, captcha, visit, address=address.canonical)
        user = self.check.require(address.canonical, password, visit)
        if user.disabled:
            raise AccountDisabled
        if not user.email_verified:
            raise EmailUnverified(binding=self.signup.ask_again(user, visit))
        back = self.signup.return_urls.safe(next)
        return self._begin(user, password, remember=remember, visit=visit, previous=previous, next=back)

    def _begin(
        self,
        user: User,
        password: str,
        *,
        remember: bool,
        visit: Visit,
        previous: str | None,
        next: str | None,
    ) -> SignedIn:
        assert user.password_hash is not None
        attempt = normalise_password(password)
        newer = (
            self.passwords.hash(attempt) if attempt and self.passwords.outdated(user.password_hash) else None
        )
        with self.store.write() as uow:
            if newer:
                uow.users.rehash(user.id, newer, if_hash=user.password_hash)
            return self.sessions.begin(
                uow, user, amr=("pwd",), remember=remember, visit=visit, previous=previous, next=next
            )
