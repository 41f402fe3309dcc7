"""The keys tokens are signed with: made at first need, published before use, kept while a token may need them."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from service.core.identities import Vault
from service.core.openid import Signer, SigningKey
from service.core.ports import Clock, Store, UnitOfWork
from service.core.values import Visit

PUBLISHED_BEFORE_USE = timedelta(hours=1)  # longer than anybody may keep our JWKS
KEPT_AFTER_USE = timedelta(hours=1)  # longer than any token lives
USED_FOR = timedelta(days=90)
LOOKED_UP_EVERY = timedelta(minutes=1)


class KeyState(StrEnum):
    """Where a key is in its life."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True)
class Pen:
    """The key in use, ready to sign: taken up before a transaction begins, for it may need one of its own."""

    signer: Signer
    kid: str
    private: str = field(repr=False)
    until: datetime

    def sign(self, claims: dict[str, Any], *, kind: str) -> str:
        return self.signer.sign(claims, kid=self.kid, private=self.private, kind=kind)


class SigningKeys:
    """One key signs at a time. Each process keeps it for a minute; the published ones are read every time."""

    def __init__(self, store: Store, clock: Clock, vault: Vault, signer: Signer) -> None:
        self._store, self._clock, self._vault, self._signer = store, clock, vault, signer
        self._taking_up = threading.Lock()
        self._pen: Pen | None = None

    def pen(self) -> Pen:
        """The key in use; where there is none that can be opened, a new one. Raises `Unavailable`."""
        pen, now = self._pen, self._clock()
        if pen is None or pen.until <= now:
            with self._taking_up:
                pen = self._pen = self._take_up(now)
        return pen

    def published(self) -> list[dict[str, Any]]:
        """The public keys that may have signed, or will soon: our JWKS."""
        self.pen()
        return [key.public for key, _ in self.list()]

    def read(self, token: str, *, kind: str) -> dict[str, Any] | None:
        """The claims of a token of ours of one kind, however old; None for anything else."""
        return self._signer.read(token, self.published(), kind=kind)

    def list(self) -> Sequence[tuple[SigningKey, KeyState]]:
        """The keys that are published, the newest first."""
        with self._store.read() as uow:
            return states(uow.signing_keys.all(), self._clock())

    def rotate(
        self, *, at_once: bool = False, visit: Visit | None = None, by: str | None = None
    ) -> SigningKey:
        """Publish the next key; it signs in an hour, or at once when the present one must not any more.

        A next key that is waiting already is that key. `by` is who asks for it, None for the passing of time.
        """
        now = self._clock()
        with self._store.write() as uow:
            known = uow.signing_keys.all()
            waiting = [key for key, state in states(known, now) if state is KeyState.NEXT]
            if waiting and not at_once:
                return waiting[0]
            active_at = now if at_once or not known else now + PUBLISHED_BEFORE_USE
            key = self._add(uow, known, now, active_at, visit, by)
        self._pen = None
        return key

    def look_after(self) -> None:
        """Rotate when the key in use has been so for long; forget those nobody needs any more."""
        now = self._clock()
        known = self.list()
        newest = known[0][0] if known else None
        if newest is not None and now - newest.active_at >= USED_FOR:
            self.rotate()
        if known:
            with self._store.write() as uow:
                uow.signing_keys.drop_before(known[-1][0].generation)

    def _take_up(self, now: datetime) -> Pen:
        with self._store.read() as uow:
            known = uow.signing_keys.all()
        pen = self._opened(known, now)
        if pen is not None:
            return pen
        with self._store.write() as uow:
            known = uow.signing_keys.all()
            pen = self._opened(known, now)  # another process may have been faster
            if pen is None:
                pen = self._opened([self._add(uow, known, now, now), *known], now)
        if pen is None:
            raise RuntimeError("a key of ours that we cannot open")
        return pen

    def _opened(self, known: Sequence[SigningKey], now: datetime) -> Pen | None:
        for key, state in states(known, now):
            private = self._vault.unlock(key.private) if state is KeyState.ACTIVE else None
            if private is not None:
                return Pen(self._signer, key.kid, private, now + LOOKED_UP_EVERY)
        return None

    def _add(
        self,
        uow: UnitOfWork,
        known: Sequence[SigningKey],
        now: datetime,
        active_at: datetime,
        visit: Visit | None = None,
        by: str | None = None,
    ) -> SigningKey:
        kid, public, private = self._signer.new_key()
        generation = known[0].generation + 1 if known else 1
        locked = self._vault.lock(private)
        key = SigningKey(generation, kid, self._signer.algorithm, public, locked, now, active_at)
        if not uow.signing_keys.add(key):  # on PostgreSQL two may come this far; the first one's key it is
            return uow.signing_keys.all()[0]
        named = {"by": by} if by else {}
        uow.audit.record(
            "key.published",
            at=now,
            user_id=None,
            visit=visit,
            kid=kid,
            active_at=active_at.isoformat(),
            **named,
        )
        return key


def states(known: Sequence[SigningKey], now: datetime) -> list[tuple[SigningKey, KeyState]]:
    """What each key is for now, the newest first; those whose tokens are all over are left out.

    Where none is in use yet the oldest is: another machine, whose clock is ahead, has just made it.
    """
    found: list[tuple[SigningKey, KeyState]] = []
    succeeded_at: datetime | None = None
    for key in known:
        if key.active_at > now:
            found.append((key, KeyState.NEXT))
        elif succeeded_at is None:
            found.append((key, KeyState.ACTIVE))
            succeeded_at = key.active_at
        else:
            if succeeded_at + KEPT_AFTER_USE > now:
                found.append((key, KeyState.RETIRED))
            succeeded_at = key.active_at
    if found and succeeded_at is None:
        found[-1] = (found[-1][0], KeyState.ACTIVE)
    return found
