"""What an outsider can time: the questions, the kinds of account behind an address, and one patient client.

The accounts are made directly in the database, two hundred and more of each kind, so that no single row or
page is what is measured; every question about nobody names a fresh address.
"""

import http.client
import json
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy import insert

from service.adapters.passwords.argon2id import Argon2id
from service.core.mail_events import Reason
from service.core.values import User, new_id
from service.store.schema import IdentityRow, UserRow
from service.store.schema_mail import SuppressionRow
from service.store.store import SqlStore
from service.wiring.basics import utc_now

PASSWORD, WRONG = "sepia lantern forty-two", "quiet harbour at noon"
NOBODY = "unknown"
KINDS = ("known", "passwordless", "banned", "unverified", "old_hash", "federated", "suppressed")


@dataclass(frozen=True)
class Door:
    """A path to ask, what to send beside the address, the answer it always has, and the kinds told apart."""

    path: str
    more: dict[str, str]
    status: int
    kinds: tuple[str, ...]


DOORS = {
    "reset": Door(
        "/api/v1/password/forgot", {}, 202, ("known", "federated", "banned", "unverified", "suppressed")
    ),
    "login": Door(
        "/api/v1/login",
        {"password": WRONG},
        401,
        ("known", "passwordless", "banned", "unverified", "old_hash"),
    ),
    "signup": Door("/api/v1/signup", {"password": WRONG}, 202, ("known", "federated", "banned")),
}


def add_crowd(store: SqlStore, scheme: Argon2id, *, each: int = 200) -> None:
    """Make accounts of every kind: `known0@example.org` and so on. All have one password, if any."""
    now, current = utc_now(), scheme.hash(PASSWORD)
    older = Argon2id(1, max(8, scheme.memory_kib // 2), 1).hash(PASSWORD)
    rows, identities, suppressions = [], [], []
    for kind in KINDS:
        for number in range(each):
            email = f"{kind}{number}@example.org"
            user = User(
                id=new_id(),
                email=email,
                canonical=email,
                created_at=now,
                email_verified_at=None if kind == "unverified" else now,
                password_hash={"passwordless": None, "federated": None, "old_hash": older}.get(kind, current),
                disabled_at=now if kind == "banned" else None,
            )
            rows.append({k: v for k, v in vars(user).items() if k != "providers"} | {"updated_at": now})
            if kind == "federated":
                identities.append(
                    {
                        "id": new_id(),
                        "user_id": user.id,
                        "provider": "google",
                        "issuer": "https://accounts.google.com",
                        "subject": str(number),
                        "created_at": now,
                    }
                )
            if kind == "suppressed":
                suppressions.append(
                    {
                        "canonical": email,
                        "reason": Reason.HARD_BOUNCE,
                        "source": "",
                        "detail": "",
                        "since": now,
                    }
                )
    with store.engine.execution_options(masthead_write=True).begin() as connection:
        connection.execute(insert(UserRow), rows)
        connection.execute(insert(IdentityRow), identities)
        connection.execute(insert(SuppressionRow), suppressions)


@dataclass
class Asker:
    """One keep-alive connection that asks and stops the time."""

    url: str
    accounts: int = 200
    chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        target = urlsplit(self.url)
        self._connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)

    def ask(self, door: Door, kind: str) -> float:
        """Seconds from the first byte sent to the last one read."""
        name = secrets.token_hex(4) if kind == NOBODY else str(self.chance.randrange(self.accounts))
        body = json.dumps({"email": f"{kind}{name}@example.org"} | door.more)
        headers = {"Content-Type": "application/json"}
        start = time.perf_counter()
        self._connection.request("POST", door.path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        taken = time.perf_counter() - start
        assert answer.status == door.status, f"{door.path} answered {answer.status} for {kind}"
        return taken

    def measure(self, door: Door, rounds: int, warm_up: int) -> dict[str, list[float]]:
        """Ask for nobody and for every kind once a round, in random order; the times by kind, round by round."""
        kinds = [NOBODY, *door.kinds]
        for number in range(warm_up):
            self.ask(door, kinds[number % len(kinds)])
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(rounds):
            self.chance.shuffle(kinds)
            for kind in kinds:
                times[kind].append(self.ask(door, kind))
        return times

    def close(self) -> None:
        self._connection.close()


@contextmanager
def asking(url: str, accounts: int) -> Iterator[Asker]:
    """An asker with its connection, closed afterwards."""
    asker = Asker(url, accounts)
    try:
        yield asker
    finally:
        asker.close()
