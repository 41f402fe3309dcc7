"""A store on each database, and accounts to put into it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.core.values import PendingSignup, Session, User, digest, new_id
from service.store.database import open_engine
from service.store.store import SqlStore

NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(database: str) -> Iterator[SqlStore]:
    """A store on a fresh database; the test runs on both kinds."""
    engine = open_engine(database)
    yield SqlStore(engine)
    engine.dispose()


def a_user(address: str = "reader@example.org", **details: Any) -> User:
    return User(id=new_id(), email=address, canonical=address.lower(), created_at=NOW, **details)


def a_session(user: User, secret: str = "secret", **details: Any) -> tuple[Session, bytes]:
    values: dict[str, Any] = {
        "id": new_id(),
        "user_id": user.id,
        "created_at": NOW,
        "last_seen_at": NOW,
        "expires_at": NOW + 2 * HOUR,
        "idle_until": NOW + HOUR,
        "auth_time": NOW,
        "amr": ("pwd", "email"),
        "epoch": user.credential_epoch,
        "remember": True,
        "ip": "192.0.2.7",
        "agent": "curl/8.5",
    }
    return Session(**values | details), digest(secret)


def a_signup(address: str = "reader@example.org", **details: Any) -> PendingSignup:
    values: dict[str, Any] = {
        "id": new_id(),
        "email": address,
        "canonical": address.lower(),
        "password_hash": "$argon2id$",
        "binding_hash": digest("binding"),
        "created_at": NOW,
        "expires_at": NOW + HOUR,
    }
    return PendingSignup(**values | details)
