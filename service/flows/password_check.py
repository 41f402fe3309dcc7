"""The one way a password is looked at: to sign in, when it is asked for again, to connect a provider (LOG-10).

A guess is counted before anything is hashed: by network, by typed address, by both together, and in a row. A browser
that has signed in to the account before is counted by itself instead, so that strangers who guess keep no reader
out, and a stolen cookie of such a browser is worth as few guesses as an address. Unknown address, wrong password,
passwordless account and a password that was guessed at too often get one answer at one cost: one hash, one event.
"""

import logging
from dataclasses import dataclass

from service.core.errors import InvalidCredentials, RateLimited, Unavailable
from service.core.guesses import Guesser, Patience, Tally
from service.core.passwords import normalise_password
from service.core.ports import Clock, Passwords, Store, Throttles
from service.core.throttles import EVERYBODY, Rule, pair_of
from service.core.values import User, Visit, digest
from service.flows.devices import secret_of
from service.flows.notices import tell_password_stopped
from service.flows.suspicion import under_attack

log = logging.getLogger(__name__)
Counter = tuple[Rule, str]


@dataclass(frozen=True)
class PasswordCheck:
    """Find the account of an address whose password is right."""

    store: Store
    clock: Clock
    passwords: Passwords
    throttles: Throttles
    patience: Patience

    def require(self, address: str, password: str, visit: Visit) -> User:
        """Return the account of a canonical address, be it disabled or unproven.

        Raises `RateLimited` and `Unavailable` before the password is looked at, `InvalidCredentials` after.
        """
        guesser = self._guesser(address, visit)
        shared, own = self._counters(guesser, visit)
        for rule, key in (*shared, *own):
            self.throttles.take(rule, key)
        with self.store.read() as uow:
            user, tally = uow.users.by_address(address), uow.guesses.of(guesser)
        claimed = self._claim(guesser, tally)
        attempt = normalise_password(password)
        try:
            matches = self.passwords.verify(user.password_hash if user else None, attempt or "")
        except Unavailable:
            self._give_back(shared + own)
            raise
        if user is None or attempt is None or not matches or self.patience.stops(tally):
            self._failed(guesser, user, visit, claimed=claimed)
            raise InvalidCredentials
        self._give_back(shared)
        for rule, key in own:
            self.throttles.clear(rule, key)
        if tally is not None:
            with self.store.write() as uow:
                uow.guesses.forgive(guesser)
        return user

    def _guesser(self, address: str, visit: Visit) -> Guesser:
        device = secret_of(visit)
        if device:
            # only who has the cookie of a known browser sees a difference
            with self.store.read() as uow:
                if uow.devices.known(address, digest(device)):
                    return Guesser(address, device)
        return Guesser(address)

    def _counters(self, guesser: Guesser, visit: Visit) -> tuple[list[Counter], list[Counter]]:
        """What a guess is counted by: with others of its network, and for the address alone."""
        if guesser.device:
            return [], [(Rule.LOGIN_PER_DEVICE, f"{guesser.address} {guesser.device}")]
        shared = [(Rule.LOGIN_PER_CLIENT, visit.network)]
        if under_attack(self.throttles):
            shared.insert(0, (Rule.LOGIN_PER_CLIENT_UNDER_ATTACK, visit.network))
        pair = (Rule.LOGIN_PER_CLIENT_AND_ACCOUNT, pair_of(visit.network, guesser.address))
        return shared, [pair, (Rule.LOGIN_PER_ACCOUNT, guesser.address)]

    def _claim(self, guesser: Guesser, tally: Tally | None) -> bool:
        """Count a guess that has to wait for its turn; of many at once one is looked at. Raises `RateLimited`."""
        if tally is None or not self.patience.slows(tally):
            return False
        now = self.clock()
        if tally.next_at <= now:
            with self.store.write() as uow:
                if uow.guesses.claim(guesser, tally, self.patience, at=now):
                    return True
        log.info("throttled", extra={"rule": "login_in_a_row"})
        raise RateLimited(max(tally.next_at, self.patience.after(tally.failures, now).next_at) - now)

    def _failed(self, guesser: Guesser, user: User | None, visit: Visit, *, claimed: bool) -> None:
        now, user_id = self.clock(), user.id if user else None
        attack = self.throttles.count(Rule.LOGIN_FAILURES, EVERYBODY) == 1
        with self.store.write() as uow:
            uow.audit.record(
                "login.failed", at=now, user_id=user_id, visit=visit, known_device=bool(guesser.device)
            )
            tally = uow.guesses.of(guesser) if claimed else uow.guesses.add(guesser, self.patience, at=now)
            if tally is not None and tally.failures == self.patience.most:
                uow.audit.record("password.stopped", at=now, user_id=user_id, visit=visit)
                if not guesser.device:
                    tell_password_stopped(uow, guesser.address, at=now, visit=visit)
            if attack:
                uow.audit.record("login.under_attack", at=now)

    def _give_back(self, counters: list[Counter]) -> None:
        for rule, key in counters:
            self.throttles.give_back(rule, key)
