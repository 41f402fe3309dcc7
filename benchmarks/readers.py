"""Fill a database with readers who have a password, and sign some of them in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from config.settings import load_settings
from service.core.values import User, Visit, new_id
from service.wiring import assemble

PASSWORD = "correct horse battery staple 42"
SIGNED_IN = 500
VISIT = Visit(ip="127.0.0.1", agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")


@dataclass(frozen=True)
class Readers:
    """Their addresses, the secrets of those signed in, and the hash they share."""

    addresses: Sequence[str]
    secrets: Sequence[str]
    password_hash: str


def seed(environment: Mapping[str, str], count: int) -> Readers:
    """Add `count` readers. They share one hash: verifying it costs what verifying their own would."""
    masthead = assemble(load_settings(environment))
    now = datetime.now(UTC)
    password_hash = masthead.flows.login.passwords.hash(PASSWORD)
    addresses = [f"reader-{number}@example.org" for number in range(count)]
    secrets = []
    with masthead.store.write() as uow:
        for number, address in enumerate(addresses):
            user = User(
                id=new_id(),
                email=address,
                canonical=address,
                created_at=now,
                email_verified_at=now,
                name=f"Reader {number}",
                locale="en",
                roles=("reader",),
                password_hash=password_hash,
            )
            uow.users.add(user)
            if number < SIGNED_IN:
                begun = masthead.flows.sessions.begin(uow, user, amr=("pwd",), remember=True, visit=VISIT)
                secrets.append(begun.secret)
    masthead.store.engine.dispose()
    return Readers(addresses, secrets, password_hash)
