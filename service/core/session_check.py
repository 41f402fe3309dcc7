"""What a session check tells of a session and its account: the least that is looked up, on every page view.

Tuples, because a frozen dataclass of as many fields takes four times as long to make.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class CheckedUser(NamedTuple):
    """What is told of the account; see `User`."""

    id: UUID
    email: str | None
    email_verified: bool
    name: str | None
    locale: str | None
    roles: tuple[str, ...]
    has_password: bool
    providers: tuple[str, ...]
    created_at: datetime


class CheckedSession(NamedTuple):
    """What is told of the session, and when it was last used; see `Session`."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    auth_time: datetime
    amr: tuple[str, ...]
    last_seen_at: datetime


class SessionCheck(NamedTuple):
    """A live session with its account."""

    user: CheckedUser
    session: CheckedSession
