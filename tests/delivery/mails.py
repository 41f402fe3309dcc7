"""A letter ready to leave, for tests that care about some of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from service.core.mail import OutgoingMail

MAIL = OutgoingMail(
    message_id="<0190a1b2-0000-7000-8000-000000000001@example.org>",
    sender="The Masthead <accounts@example.org>",
    to="ada@example.org",
    subject="Choose a new password",
    text="Hello Ada,\n\nhttps://example.org/reset-password?token=abc.def-_\n\nBye\n",
    html="<p>Hello Ada,</p>\n",
    date=datetime(2026, 11, 22, 18, 6, tzinfo=UTC),
    locale="en",
)


def mail(**changes: Any) -> OutgoingMail:
    return replace(MAIL, **changes)
