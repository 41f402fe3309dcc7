"""The captcha before sign-up, forgotten password, sign-in link and sign-in: one rule for pages and API.

Whether one is asked depends on the place and on how the asker behaves, never on whether an account exists. An
answer counts once: vendors see to that, and so do we, in every process.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from service.core.addresses import parse_address
from service.core.captcha import LONGEST_TOKEN, Captcha, Place, Solved, VerifierAway, When, WhenAway, Widget
from service.core.errors import CaptchaFailed, CaptchaRequired, NotFound, Unavailable, ValidationFailed
from service.core.ports import Clock, Store, Suspicion, Throttles
from service.core.throttles import Rule
from service.core.values import Visit, digest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Captchas:
    """`captcha` is None where none is configured; a place that is not in `places` asks nobody."""

    store: Store
    clock: Clock
    throttles: Throttles
    suspicion: Suspicion
    captcha: Captcha | None
    places: Mapping[Place, When]
    when_away: Mapping[Place, WhenAway]

    @property
    def field(self) -> str | None:
        """The form's field that brings the answer."""
        return self.captcha.widget.field if self.captcha else None

    def widget(self, place: Place, visit: Visit, *, typed: str = "", again: bool = False) -> Widget | None:
        """Return what a page is to show, None for nothing.

        `typed` is the address in the form; `again` says that an answer was asked for just now.
        """
        address = None
        with suppress(ValidationFailed):
            address = parse_address(typed).canonical
        if self.captcha is None or not (again or self._asks(place, visit, address)):
            return None
        return self.captcha.widget

    def challenge(self, visit: Visit) -> Mapping[str, object]:
        """Hand out a task. Raises `NotFound` where a vendor does that, or nobody, and `RateLimited`."""
        if self.captcha is not None:
            self.throttles.take(Rule.CHALLENGE_PER_CLIENT, visit.network)
            if (task := self.captcha.challenge()) is not None:
                return task
        raise NotFound

    def require(self, place: Place, token: str | None, visit: Visit, *, address: str) -> None:
        """Let pass who need not answer, or did. `address` is in its canonical form.

        Raises `CaptchaRequired`, `CaptchaFailed` and `RateLimited`; while the verifier is away `Unavailable` where
        the place is closed then, and `RateLimited` soon where it is open.
        """
        if self.captcha is None or not self._asks(place, visit, address):
            return
        if not token:
            raise CaptchaRequired
        if len(token) > LONGEST_TOKEN or not (token.isascii() and token.isprintable()):
            raise CaptchaFailed
        self.throttles.take(Rule.CAPTCHA_PER_CLIENT, visit.network)
        try:
            self._spend(self.captcha.verify(token, place, visit))
        except CaptchaFailed:
            log.info("captcha_failed", extra={"place": place})
            raise
        except VerifierAway as trouble:
            self._do_without(place, visit, trouble)

    def _asks(self, place: Place, visit: Visit, address: str | None) -> bool:
        when = self.places.get(place)
        if when is not When.SUSPICION:
            return when is When.ALWAYS
        return self.suspicion.raised(place, network=visit.network, address=address)

    def _spend(self, solved: Solved) -> None:
        with self.store.write() as uow:
            if not uow.spent.add(digest(f"captcha/{solved.key}"), until=self.clock() + solved.lifetime):
                raise CaptchaFailed

    def _do_without(self, place: Place, visit: Visit, trouble: VerifierAway) -> None:
        """Close the place, or let a few of each client pass: never everybody."""
        policy = self.when_away[place]
        log.warning("captcha_verifier_away", extra={"place": place, "policy": policy, "cause": str(trouble)})
        if policy is WhenAway.CLOSED:
            raise Unavailable from trouble
        self.throttles.take(Rule.CAPTCHA_AWAY_PER_CLIENT, visit.network)
