"""A reader is sent here by another service: sign in, agree where it is a stranger's, go back with a code.

Authlib (`service.oidc`) has checked the request by then; here it is decided what the reader still has to do.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from service.core.errors import ExpiredToken, InvalidToken
from service.core.openid import SERVICE_SCOPES, Client, Consent, Grant
from service.core.ports import Clock, Store
from service.core.tokens import Purpose, Tokens
from service.core.values import Visit, digest, new_id, new_secret
from service.flows.sessions import SignedIn

CODE_LIFETIME = timedelta(seconds=60)
PATIENCE = timedelta(hours=1)  # for how long a reader may take to sign in


class Prompt(StrEnum):
    """What a client wants the reader to be asked (OpenID Connect Core, section 3.1.2.1)."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


class Step(StrEnum):
    """What comes next."""

    SIGN_IN = "sign_in"
    SIGN_IN_AGAIN = "sign_in_again"
    CONSENT = "consent"
    GO = "go"


class ReaderNeeded(Exception):
    """The client wants nobody to be asked, and somebody has to be; `error` is OpenID Connect's word for it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class Wish:
    """What a client asks for, every parameter checked. `subject` is the reader it means, if it means one.

    `asked` is our own note that the reader was sent to sign in for this, from `Authorization.note`.
    """

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    nonce: str | None = None
    prompts: frozenset[str] = frozenset()
    max_age: timedelta | None = None
    subject: str | None = None
    asked: str = ""


@dataclass(frozen=True)
class Authorization:
    """Decide the next step, and in the end give the code."""

    store: Store
    clock: Clock
    tokens: Tokens

    def next_step(self, wish: Wish, here: SignedIn | None) -> Step:
        """What the reader has to do before the code is given. Raises `ReaderNeeded`."""
        quiet = Prompt.NONE in wish.prompts
        step = self._sign_in_step(wish, here)
        if step is None and here is not None:
            step = Step.CONSENT if self._needs_consent(wish, here) else Step.GO
        if quiet and step is not Step.GO:
            raise ReaderNeeded("consent_required" if step is Step.CONSENT else "login_required")
        return step or Step.SIGN_IN

    def give(self, wish: Wish, here: SignedIn, visit: Visit, *, agreed: bool = False) -> str:
        """Return the code, for a reader who has nothing left to do; what they `agreed` to is remembered."""
        code, now = new_secret(), self.clock()
        grant = Grant(
            id=new_id(),
            client_id=wish.client.id,
            user_id=here.user.id,
            session_id=here.session.id,
            epoch=here.session.epoch,
            scopes=wish.scopes,
            auth_time=here.session.auth_time,
            amr=here.session.amr,
            redirect_uri=wish.redirect_uri,
            challenge=wish.challenge,
            nonce=wish.nonce,
            code_hash=digest(code),
            code_expires_at=now + CODE_LIFETIME,
            redeemed_at=None,
            created_at=now,
            expires_at=now + CODE_LIFETIME,
        )
        with self.store.write() as uow:
            if agreed:
                known = uow.consents.get(here.user.id, wish.client.id)
                scopes = dict.fromkeys((*(known.scopes if known else ()), *wish.scopes))
                uow.consents.put(Consent(here.user.id, wish.client.id, tuple(scopes), now))
                uow.audit.record(
                    "consent.given", at=now, user_id=here.user.id, visit=visit, client=wish.client.id
                )
            uow.grants.add(grant)
        return code

    def note(self, wish: Wish) -> str:
        """Note, signed, that a reader is sent to sign in now: who comes back with it was not asked in vain."""
        now = self.clock()
        return self.tokens.sign(
            Purpose.AUTHORIZATION, {"at": now.isoformat(), "subject": wish.subject}, at=now
        )

    def asked_for(self, note: str) -> str | None:
        """The reader a client means, as the note remembers."""
        return self._noted(note)[1]

    def _sign_in_step(self, wish: Wish, here: SignedIn | None) -> Step | None:
        if here is None:
            return Step.SIGN_IN
        asked_at, _ = self._noted(wish.asked)
        auth_time = here.session.auth_time
        fresh = asked_at is not None and auth_time >= asked_at
        if wish.subject not in (None, str(here.user.id)):
            if fresh:  # they were asked, and somebody else has signed in
                raise ReaderNeeded("login_required")
            return Step.SIGN_IN_AGAIN
        wanted = bool(wish.prompts & {Prompt.LOGIN, Prompt.SELECT_ACCOUNT})
        too_old = wish.max_age is not None and self.clock() - auth_time > wish.max_age
        return Step.SIGN_IN_AGAIN if (wanted or too_old) and not fresh else None

    def _needs_consent(self, wish: Wish, here: SignedIn) -> bool:
        if Prompt.CONSENT in wish.prompts:
            return True
        if wish.client.first_party:
            return False
        with self.store.read() as uow:
            known = uow.consents.get(here.user.id, wish.client.id)
        return known is None or not set(wish.scopes) <= set(known.scopes)

    def _noted(self, note: str) -> tuple[datetime | None, str | None]:
        try:
            payload = self.tokens.read(Purpose.AUTHORIZATION, note, lifetime=PATIENCE)
        except (InvalidToken, ExpiredToken):
            return None, None
        return datetime.fromisoformat(payload["at"]), payload["subject"]


def scopes_for_reader(client: Client, requested: str) -> tuple[str, ...]:
    """What a client gets of what it asks a reader for; what it may not have, or no reader could give, is left out."""
    wanted = dict.fromkeys(requested.split())
    return tuple(name for name in wanted if name in client.scopes and name not in SERVICE_SCOPES)
