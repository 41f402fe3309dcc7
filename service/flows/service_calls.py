"""The calls of services: so many and no more, and each that names an `Idempotency-Key` done once.

What is answered is kept in the transaction of what was done, so a key is used up exactly when its request was done.
A refusal uses up nothing. (draft-ietf-httpapi-idempotency-key-header)
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.core.directory import Asked, Done
from service.core.openid import Caller
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.service_errors import IdempotencyKeyReused
from service.core.throttles import Rule

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class ServiceCalls:
    """`keys`, newest first, make fingerprints of requests; those made with an older one are still known."""

    store: Store
    clock: Clock
    throttles: Throttles
    keys: Sequence[bytes]

    def count(self, caller: Caller) -> None:
        """Count a call of a client. Raises `RateLimited`."""
        self.throttles.take(Rule.CALLS_PER_SERVICE, caller.client_id)

    def once(self, asked: Asked, work: Callable[[UnitOfWork], Done]) -> Done:
        """Do it, or return what was answered when it was done. Raises `IdempotencyKeyReused`."""
        with self.store.write() as uow:
            if asked.key is None:
                return work(uow)
            now = self.clock()
            newest, *_ = fingerprints = [hmac.digest(key, asked.content, "sha256") for key in self.keys]
            if uow.answers.begin(asked, newest, at=now, expires_at=now + KEPT):
                done = work(uow)
                uow.answers.finish(asked, done)
                return done
            kept = uow.answers.get(asked)
            if kept is None or not any(hmac.compare_digest(kept[0], known) for known in fingerprints):
                raise IdempotencyKeyReused
            return kept[1]
