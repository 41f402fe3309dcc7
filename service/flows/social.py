"""Sign in with Google, Apple or another provider: leave, come back, and be recognised.

An attempt is a row found by its `state` and bound to one browser by a cookie of its own; nonce and PKCE
verifier are derived from that cookie's secret, so the database holds nothing that could finish it. Whom the
provider's word then lets in is `service.flows.recognition`.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from service.core.errors import (
    AttemptExpired,
    InvalidIdToken,
    NotFound,
    ReauthenticationRequired,
    Refusal,
    SignInCancelled,
    SignInRefused,
)
from service.core.identities import (
    Answer,
    Attempt,
    IdentityProvider,
    Redemption,
    Vault,
)
from service.core.ports import Clock, Store, Throttles
from service.core.return_urls import ReturnUrls
from service.core.throttles import Rule
from service.core.values import digest, new_secret
from service.flows.reauthentication import FRESH
from service.flows.recognition import Arrival, Caller, Recognition

ATTEMPT_LIFE = timedelta(minutes=10)
ID_TOKEN_LIFE = timedelta(days=2)  # how long a used one is remembered; providers' live an hour or a day
CANCELLATIONS = frozenset({"access_denied", "user_cancelled_authorize", "user_cancelled_login"})
LONGEST_PARKED = 8192


@dataclass(frozen=True)
class Departure:
    """Where to send the reader, and the secret that binds the attempt to their browser."""

    url: str
    browser: str


@dataclass(frozen=True)
class Social:
    """From a provider's button to a session."""

    store: Store
    clock: Clock
    providers: Mapping[str, IdentityProvider]
    throttles: Throttles
    return_urls: ReturnUrls
    vault: Vault
    recognition: Recognition
    attempt_life: timedelta = ATTEMPT_LIFE

    def start(self, name: str, *, next: str | None, caller: Caller, linking: bool = False) -> Departure:
        """Leave for a provider. With `linking` the identity is added to the reader who is signed in.

        Raises `NotFound` for a provider we do not have, `RateLimited`, `ProviderUnavailable`, and
        `ReauthenticationRequired` for linking in a session older than 15 minutes.
        """
        provider = self._provider(name)
        if linking and (caller.here is None or self.clock() - caller.here.session.auth_time > FRESH):
            raise ReauthenticationRequired
        self.throttles.take(Rule.PROVIDER_PER_CLIENT, caller.visit.network)
        browser, state = caller.browser or new_secret(), new_secret()
        url = provider.authorization_url(
            state=state,
            nonce=_derived(browser, "nonce", state),
            verifier=_derived(browser, "verifier", state),
        )
        attempt = Attempt(
            state_hash=digest(state),
            browser_hash=digest(browser),
            provider=name,
            next=self.return_urls.safe(next),
            session_id=caller.here.session.id if linking and caller.here else None,
            expires_at=self.clock() + self.attempt_life,
        )
        with self.store.write() as uow:
            uow.attempts.add(attempt)
        return Departure(url, browser)

    def park(self, name: str, answer: Answer) -> str:
        """Keep the answer a form brought; return the handle its browser fetches it with.

        The form comes from the provider's site, without our cookies, and what it carries must not get into an
        address. Raises `AttemptExpired`, and `SignInRefused` for more than any provider sends.
        """
        self._provider(name)
        brought = json.dumps(asdict(answer))
        if len(brought) > LONGEST_PARKED:
            brought = json.dumps(asdict(replace(answer, user="")))
        if len(brought) > LONGEST_PARKED:
            raise SignInRefused
        handle = new_secret()
        with self.store.write() as uow:
            parked = self.vault.lock(brought)
            if not uow.attempts.park(digest(answer.state), name, handle_hash=digest(handle), parked=parked):
                raise AttemptExpired
        return handle

    def fetch(self, name: str, handle: str, caller: Caller) -> Arrival:
        """Finish a sign-in whose answer was parked. Raises as `finish`."""
        with self.store.write() as uow:
            attempt = uow.attempts.take_parked(digest(handle))
        brought = self.vault.unlock(attempt.parked) if attempt and attempt.parked else None
        if attempt is None or brought is None:
            raise AttemptExpired
        return self._finish(name, attempt, Answer(**json.loads(brought)), caller)

    def finish(self, name: str, answer: Answer, caller: Caller) -> Arrival:
        """Come back from a provider.

        Raises `AttemptExpired`, `SignInCancelled`, `SignInRefused`, `InvalidIdToken`, `ProviderUnavailable`;
        once the reader is known `AccountDisabled`, `IdentityBlocked`, `IdentityTaken`, and `LinkRequired` when
        an account must be proven first (`Proof` knows it by the browser's secret).
        """
        with self.store.write() as uow:
            attempt = uow.attempts.take(digest(answer.state)) if answer.state else None
        if attempt is None:
            raise AttemptExpired
        return self._finish(name, attempt, answer, caller)

    def with_id_token(
        self,
        name: str,
        *,
        token: str,
        nonce: str | None,
        given_name: str | None,
        next: str | None,
        caller: Caller,
    ) -> Arrival:
        """Sign in with an ID token that an app, or One Tap, was given; each works once.

        `caller.browser` binds the proof that may be needed. Raises as `finish`, and `RateLimited`.
        """
        provider = self._provider(name)
        self.throttles.take(Rule.PROVIDER_PER_CLIENT, caller.visit.network)
        profile = provider.read_id_token(token, nonce=nonce)
        signed_part = token.rpartition(".")[0]  # the signature has several spellings
        with self.store.write() as uow:
            if not uow.spent.add(digest(signed_part), until=self.clock() + ID_TOKEN_LIFE):
                raise InvalidIdToken
        profile = replace(profile, name=profile.name or given_name)
        return self.recognition.recognise(profile, self.return_urls.safe(next), caller)

    def _finish(self, name: str, attempt: Attempt, answer: Answer, caller: Caller) -> Arrival:
        """Check that the answer is for this browser's attempt, and redeem its code."""
        if attempt.provider != name or attempt.expires_at <= self.clock():
            raise AttemptExpired
        if caller.browser is None or not hmac.compare_digest(digest(caller.browser), attempt.browser_hash):
            raise AttemptExpired
        try:
            return self._complete(attempt, answer, caller.browser, caller)
        except Refusal as refusal:
            refusal.next = attempt.next
            raise

    def _complete(self, attempt: Attempt, answer: Answer, browser: str, caller: Caller) -> Arrival:
        provider = self._provider(attempt.provider)
        provider.check_issuer(answer.issuer)
        if answer.error:
            raise SignInCancelled if answer.error in CANCELLATIONS else SignInRefused
        if not answer.code.isascii() or not answer.code.isprintable() or not answer.code:
            raise SignInRefused  # a code is visible ASCII (RFC 6749, appendix A.11)
        profile = provider.redeem(
            Redemption(
                code=answer.code,
                verifier=_derived(browser, "verifier", answer.state),
                nonce=_derived(browser, "nonce", answer.state),
                user=answer.user,
            )
        )
        if attempt.session_id is not None:
            return self.recognition.link_here(profile, attempt.session_id, attempt.next, caller)
        return self.recognition.recognise(profile, attempt.next, caller)

    def _provider(self, name: str) -> IdentityProvider:
        provider = self.providers.get(name)
        if provider is None:
            raise NotFound
        return provider


def _derived(browser: str, use: str, state: str) -> str:
    """Derive what must be secret until the code comes back: 43 characters, as RFC 7636 wants them."""
    mac = hmac.digest(browser.encode("utf-8", "replace"), f"masthead/{use}/{state}".encode(), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
