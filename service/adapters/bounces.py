"""Bounce mail, as mail servers send it (RFC 3464) and as they otherwise do (flufl.bounce knows dozens of ways)."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

from flufl.bounce import all_failures

from service.core.bounce_addresses import BounceAddresses
from service.core.mail_events import MailReport, what_it_means

MOST_BYTES = 1024 * 1024  # the rest of a bounce is our own letter
# what mail systems note the envelope's recipient in
SENT_TO = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "to", "cc")
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class NotABounce(Exception):
    """Nothing to act on: no token of ours, or no word of a failure. The text says which."""


def read_bounce(raw: bytes, addresses: BounceAddresses, sent_to: str = "") -> MailReport:
    """Return what a bounce reports of the letter whose token it was sent to. Raises `NotABounce`.

    Who bounced is told by the token alone: addresses in the text are anybody's to write.
    """
    message = message_from_bytes(raw[:MOST_BYTES])
    headers = [sent_to, *(str(value) for name in SENT_TO for value in message.get_all(name, []))]
    row_id = next((found for header in headers if (found := addresses.row_in(header))), None)
    if row_id is None:
        raise NotABounce("it was not sent to a bounce address of ours")
    status, detail = _failure(message)
    kind = what_it_means(status)
    return MailReport(kind, "dsn", f"dsn:{row_id}:{kind}", row_id=row_id, detail=detail)


def _failure(message: Message) -> tuple[str, str]:
    """Return enhanced status and diagnosis of the first recipient that failed for good. Raises `NotABounce`."""
    for fields in _per_recipient(message):
        if str(fields.get("action", "")).strip().lower() == "failed":
            found = STATUS.search(str(fields.get("status", "")))
            diagnosis = str(fields.get("diagnostic-code", "")).partition(";")[2].strip()
            return (found[0] if found else ""), diagnosis or str(fields.get("status", ""))
    try:
        _, permanent = all_failures(message)
    except Exception as error:  # strangers write these, in shapes its detectors do not expect
        raise NotABounce("nobody can read it") from error
    if not permanent:
        raise NotABounce("it does not say that a letter could not be delivered")
    return "", "returned to sender"


def _per_recipient(message: Message) -> Iterator[Message]:
    """The groups of fields a delivery report has for its recipients (RFC 3464, 2.3)."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            groups = part.get_payload()
            yield from (group for group in groups if isinstance(group, Message) and group.get("action"))
