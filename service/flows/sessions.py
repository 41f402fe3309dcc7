"""Signed-in browsers: begin one, look behind a cookie, list them, end them.

The cookie carries 256 random bits; the row, found by their SHA-256, says who, since when, how and under
which credential epoch. Nothing about a session can be forged or kept alive from outside the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from service.core.errors import InvalidCredentials, NotFound, Unauthenticated
from service.core.factor_errors import SecondStepRequired
from service.core.ports import Clock, Store, UnitOfWork
from service.core.second_factors import MULTIPLE, STEP_LIFE, Method, SecondStep
from service.core.values import Session, User, Visit, digest, new_id, new_secret
from service.flows.devices import Devices

TOUCH_AT_MOST_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class SignedIn:
    """An account, the session it is used through, and, when it has just begun, the cookie's secret.

    `kept` tells that signing in has kept an account that was to be erased; `browser` is the secret by which
    the browser that signed in is known from now on.
    """

    user: User
    session: Session
    secret: str = field(default="", repr=False)
    kept: bool = False
    browser: str = field(default="", repr=False)


@dataclass(frozen=True)
class Sessions:
    """`idle` and `absolute` bound remembered sessions, `short` those without "keep me signed in"."""

    store: Store
    clock: Clock
    idle: timedelta
    absolute: timedelta
    short: timedelta
    devices: Devices

    def begin(
        self,
        uow: UnitOfWork,
        user: User,
        *,
        amr: tuple[str, ...],
        remember: bool,
        visit: Visit,
        previous: str | None = None,
        next: str | None = None,
    ) -> SignedIn:
        """Begin a session under a fresh secret; the browser's earlier one (`previous`) ends.

        An account that was to be erased is kept by it. Raises `InvalidCredentials` when that comes too late, and
        `SecondStepRequired` where the account asks for a second factor that `amr` lacks; `next` waits with it.
        """
        now = self.clock()
        if user.second_factor and MULTIPLE not in amr:
            raise self._wait(uow, user, amr, remember=remember, next=next, now=now)
        kept = user.erases_at is not None
        if kept:
            user = self._keep(uow, user, visit)
        if user.canonical is not None and ("pwd" not in amr or "email" in amr):
            uow.guesses.forget(user.canonical)  # the owner is in, and not by the password alone
        if "pwd" in amr:
            uow.identities.unblock_all(user.id)  # the reader has proven themselves another way
        secret = new_secret()
        expires_at = now + (self.absolute if remember else self.short)
        session = Session(
            id=new_id(),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            idle_until=min(expires_at, now + self.idle),
            auth_time=now,
            amr=amr,
            epoch=user.credential_epoch,
            remember=remember,
            ip=visit.ip,
            agent=visit.agent,
        )
        if previous:
            uow.sessions.hand_over(digest(previous), to=session)
        uow.sessions.add(session, digest(secret))
        uow.audit.record(
            "session.created", at=now, user_id=user.id, visit=visit, session=str(session.id), amr=list(amr)
        )
        browser = self.devices.recognise(uow, user, visit, at=now)
        return SignedIn(user, session, secret, kept, browser)

    def resolve(self, secret: str | None, visit: Visit) -> SignedIn | None:
        """Return who is behind a cookie, or None; note now and then that the session is in use."""
        if not secret:
            return None
        now = self.clock()
        found = self.store.signed_in(digest(secret), now)
        if found is None:
            return None
        user, session = found
        if self.touch_due(session.last_seen_at, now):
            session = self._touch(session, now, visit)
        return SignedIn(user, session)

    def touch_due(self, last_seen_at: datetime, now: datetime) -> bool:
        return now - last_seen_at >= min(TOUCH_AT_MOST_EVERY, self.idle / 10)

    def list(self, user_id: UUID) -> Sequence[Session]:
        """The account's live sessions, last used first."""
        with self.store.read() as uow:
            return uow.sessions.of(user_id, self.clock())

    def end(self, session_id: UUID, *, user_id: UUID, visit: Visit, by: str | None = None) -> None:
        """End one of the account's own sessions. Raises `NotFound`, also for other people's.

        `by` is who does it where it is not the reader.
        """
        named = {"by": by} if by else {}
        with self.store.write() as uow:
            if not uow.sessions.end(session_id, user_id=user_id):
                raise NotFound
            uow.audit.record(
                "session.revoked",
                at=self.clock(),
                user_id=user_id,
                visit=visit,
                session=str(session_id),
                **named,
            )

    def end_others(self, here: SignedIn, visit: Visit) -> SignedIn:
        """Sign out everywhere else. The epoch rises, so links mailed before die as well."""
        with self.store.write() as uow:
            uow.audit.record("session.revoked_others", at=self.clock(), user_id=here.user.id, visit=visit)
            return carry_over(uow, here)

    def sign_out(self, secret: str | None, visit: Visit) -> None:
        """End the session behind a cookie; nothing happens when there is none."""
        if not secret:
            return
        with self.store.write() as uow:
            session = uow.sessions.end_by_hash(digest(secret))
            if session is not None:
                uow.audit.record(
                    "session.ended",
                    at=self.clock(),
                    user_id=session.user_id,
                    visit=visit,
                    session=str(session.id),
                )

    def _wait(
        self,
        uow: UnitOfWork,
        user: User,
        amr: tuple[str, ...],
        *,
        remember: bool,
        next: str | None,
        now: datetime,
    ) -> SecondStepRequired:
        secret = new_secret()
        uow.second_steps.add(
            SecondStep(digest(secret), user.id, user.credential_epoch, amr, remember, next, now + STEP_LIFE)
        )
        return SecondStepRequired(secret, tuple(method.value for method in methods_of(uow, user)))

    def _keep(self, uow: UnitOfWork, user: User, visit: Visit) -> User:
        if not uow.holdings.keep(user.id):
            raise InvalidCredentials
        uow.audit.record("user.deletion_undone", at=self.clock(), user_id=user.id, visit=visit)
        return replace(user, erases_at=None)

    def _touch(self, session: Session, now: datetime, visit: Visit) -> Session:
        idle_until = min(session.expires_at, now + self.idle)
        with self.store.write() as uow:
            uow.sessions.touch(session.id, seen_at=now, idle_until=idle_until, ip=visit.ip)
        return replace(session, last_seen_at=now, idle_until=idle_until, ip=visit.ip)


def methods_of(uow: UnitOfWork, user: User) -> tuple[Method, ...]:
    """Return what an account can show as its second factor, what is quickest first."""
    passkeys, codes = uow.passkeys.of(user.id), uow.recovery_codes.count(user.id)
    there_are = {Method.TOTP: True, Method.PASSKEY: bool(passkeys), Method.RECOVERY_CODE: codes > 0}
    return tuple(method for method, there in there_are.items() if there)


def still_in(uow: UnitOfWork, here: SignedIn, *, at: datetime) -> User:
    """Lock a reader's account and return it as it is now.

    Raises `Unauthenticated` for a session that has ended, or lives on under another secret (`carry_over`).
    What a session may leave behind, such as a passkey, must not come after the step that ended the session.
    """
    user = uow.users.locked(here.user.id)
    if user is None or user.credential_epoch != here.session.epoch:
        raise Unauthenticated
    if here.session.id not in {one.id for one in uow.sessions.of(user.id, at)}:
        raise Unauthenticated
    return user


def carry_over(uow: UnitOfWork, here: SignedIn) -> SignedIn:
    """Raise the epoch, end every other session, and let this one live on under a new secret.

    The old one may have been copied (ASVS 5.0, 7.2.4); the caller hands the new one to the browser.
    """
    secret = new_secret()
    epoch = uow.users.raise_epoch(here.user.id)
    uow.sessions.end_all(here.user.id, but=here.session.id)
    if epoch is not None:
        uow.sessions.renew(here.session.id, epoch=epoch, secret_hash=digest(secret))
    return replace(here, secret=secret)
