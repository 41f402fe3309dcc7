"""What the stand-in remembers: codes, tokens, and who has been here before. In memory, under one lock."""

import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.fake_provider.authorization import AuthorizationRequest
from service.fake_provider.people import Person

CODE_LIFE = timedelta(seconds=60)
ACCESS_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class Grant:
    """A person has said yes to a request, then."""

    person: Person
    request: AuthorizationRequest
    at: datetime


class Ledger:
    """Every method is one step under the lock, so a code is spent once however many ask at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self._refresh: dict[str, Grant] = {}
        self._seen: set[str] = set()

    def write_code(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = grant
        return code

    def spend_code(self, code: str, now: datetime) -> Grant | None:
        """Take the code away, right or wrong, and return its grant if it is still good."""
        with self._lock:
            grant = self._codes.pop(code, None)
        return grant if grant and now - grant.at <= CODE_LIFE else None

    def write_access_token(self, grant: Grant, now: datetime) -> str:
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._access[token] = (grant, now + ACCESS_LIFE)
        return token

    def write_refresh_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._refresh[token] = grant
        return token

    def holder(self, access_token: str, now: datetime) -> Grant | None:
        with self._lock:
            grant, expires = self._access.get(access_token, (None, now))
        return grant if now < expires else None

    def refreshed(self, refresh_token: str) -> Grant | None:
        with self._lock:
            return self._refresh.get(refresh_token)

    def is_first(self, person: Person) -> bool:
        """Say whether this person has never said yes before, and remember that now they have."""
        with self._lock:
            first = person.subject not in self._seen
            self._seen.add(person.subject)
        return first

    def revoke(self, token: str) -> None:
        """End every token of the token's person; the next time will be a first time again."""
        with self._lock:
            access, _ = self._access.get(token, (None, None))
            grant = access or self._refresh.get(token)
            if grant is None:
                return
            subject = grant.person.subject
            self._access = {t: held for t, held in self._access.items() if held[0].person.subject != subject}
            self._refresh = {t: held for t, held in self._refresh.items() if held.person.subject != subject}
            self._seen.discard(subject)
