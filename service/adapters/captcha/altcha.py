"""ALTCHA: the reader's browser works for half a second. No third party, nothing to look at (altcha.org)."""

import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from altcha import Payload, create_challenge, verify_solution

from service.core.captcha import Place, Solved, Widget
from service.core.errors import CaptchaFailed
from service.core.tokens import derive_key
from service.core.values import Visit

LIFETIME = timedelta(minutes=20)
ALGORITHM = "PBKDF2/SHA-256"
COST = 5_000  # rounds of one step
FEWEST, MOST = 150, 350  # steps; the right one is drawn, so that no reader is out of luck


class Altcha:
    """`secrets` run newest first: the first signs tasks, all verify."""

    widget = Widget("altcha", "altcha", sources={"worker-src": ("'self'",)})

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._keys = [
            (derive_key(secret, "captcha/task"), derive_key(secret, "captcha/solution")) for secret in secrets
        ]

    def challenge(self) -> Mapping[str, object]:
        """Return a fresh task, good for twenty minutes."""
        task_key, solution_key = self._keys[0]
        task = create_challenge(
            ALGORITHM,
            COST,
            counter=FEWEST + secrets.randbelow(MOST - FEWEST),
            expires_at=int(time.time() + LIFETIME.total_seconds()),
            hmac_secret=task_key,
            hmac_key_secret=solution_key,
        )
        return task.to_dict()

    def verify(self, token: str, place: Place, visit: Visit) -> Solved:
        """Check signatures and expiry. What may come once is the task, however its solution is spelled."""
        try:
            payload = Payload.from_base64(token)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise CaptchaFailed from error
        for task_key, solution_key in self._keys:
            if verify_solution(payload, task_key, hmac_key_secret=solution_key).verified:
                return Solved(str(payload.challenge.signature), LIFETIME)
        raise CaptchaFailed

    def check(self) -> None:
        """There is nobody to ask."""
