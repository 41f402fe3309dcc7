"""Fill a database with readers who have a password, sign some of them in, and register a client."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, insert

from config.settings import load_settings
from service.core.values import User, Visit, new_id
from service.flows.clients import ClientDetails
from service.store.schema import UserRow
from service.wiring import assemble

PASSWORD = "correct horse battery staple 42"
SIGNED_IN = 500
BATCH = 10_000
VISIT = Visit(ip="127.0.0.1", agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")


@dataclass(frozen=True)
class Readers:
    """Their addresses, the secrets of those signed in, the hash they share; a client's `Authorization`."""

    addresses: Sequence[str]
    secrets: Sequence[str]
    password_hash: str
    client: str


def seed(environment: Mapping[str, str], count: int) -> Readers:
    """Add `count` readers. They share one hash: verifying it costs what verifying their own would."""
    masthead = assemble(load_settings(environment))
    password_hash = masthead.flows.login.passwords.hash(PASSWORD)
    addresses = [f"reader-{number}@example.org" for number in range(count)]
    signed_in, others = addresses[:SIGNED_IN], addresses[SIGNED_IN:]
    secrets = []
    with masthead.store.write() as uow:
        for address in signed_in:
            user = User(**_account(address, password_hash))
            uow.users.add(user)
            begun = masthead.flows.sessions.begin(uow, user, amr=("pwd",), remember=True, visit=VISIT)
            secrets.append(begun.secret)
    _add(masthead.store.engine, others, password_hash)
    details = ClientDetails("Newsletter", scopes=("users:read",), grants=("client_credentials",))
    client, secret = masthead.flows.clients.create(details, VISIT)
    masthead.store.engine.dispose()
    proof = b64encode(f"{client.id}:{secret}".encode()).decode()
    return Readers(addresses, secrets, password_hash, f"Basic {proof}")


def _add(engine: Engine, addresses: Sequence[str], password_hash: str) -> None:
    """Add accounts in large batches: a million in about a minute."""
    with engine.execution_options(masthead_write=True).begin() as connection:
        for start in range(0, len(addresses), BATCH):
            accounts = (_account(address, password_hash) for address in addresses[start : start + BATCH])
            rows = [{**one, "updated_at": one["created_at"], "credential_epoch": 0} for one in accounts]
            connection.execute(insert(UserRow), rows)
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _account(address: str, password_hash: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": new_id(),
        "email": address,
        "canonical": address,
        "created_at": now,
        "email_verified_at": now,
        "name": address.partition("@")[0],
        "locale": "en",
        "roles": ("reader",),
        "password_hash": password_hash,
    }
