"""The dev mailbox: letters go to a folder (Maildir) instead of to people, and can be looked at.

A development page shows what `DevMailbox` reads; any mail program that knows Maildir can, too.
"""

import logging
import mailbox
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from service.adapters.transports.message import Sign, unsigned, wire_bytes
from service.core.mail import OutgoingMail, TransportTrouble

logger = logging.getLogger(__name__)

DEFAULT_FOLDER = Path("var/devbox")
LETTER_ID = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)\.[\w-][\w.-]*", re.ASCII)
LINK = re.compile(r"https?://[^\s<>\"']+")
NOT_PART_OF_A_LINK = ".,;:!?)]}"


class DevboxTransport:
    """Keep letters in a folder that belongs to its owner alone: their links are real."""

    def __init__(self, folder: Path, *, sign: Sign = unsigned) -> None:
        self.folder = folder
        self._sign = sign
        self._lock = threading.Lock()  # Maildir's counter for names is not thread-safe

    def __repr__(self) -> str:
        return f"DevboxTransport({self.folder})"

    def send(self, mail: OutgoingMail) -> str:
        """Keep the letter; the answer names its id."""
        ready = wire_bytes(mail, self._sign).replace(b"\r\n", b"\n")  # as mail lies on a disk
        try:
            with self._lock:
                letter_id = _open(self.folder).add(ready)
        except OSError as error:
            raise TransportTrouble(f"{type(error).__name__}: {error.strerror}") from error
        logger.info("a letter is in the dev mailbox", extra={"event": "mail.devbox", "letter_id": letter_id})
        return f"250 kept as {letter_id} (devbox)"

    def check(self) -> None:
        """A folder is always there."""

    def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True)
class KeptLetter:
    """A letter as the dev mailbox has it. `links` are those in the text part, in order."""

    id: str
    to: str
    subject: str
    date: datetime
    headers: list[tuple[str, str]]
    text: str = field(repr=False)
    html: str = field(repr=False)
    links: list[str] = field(repr=False)
    raw: bytes = field(repr=False)

    @property
    def date_text(self) -> str:
        return f"{self.date:%d %B %Y, %H:%M:%S}"


class DevMailbox:
    """Read what a `DevboxTransport` kept."""

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        self.folder = folder

    def letters(self, *, most: int = 100) -> list[KeptLetter]:
        """Return the newest letters, newest first."""
        box = _open(self.folder)
        ids = sorted((key for key in box.iterkeys() if LETTER_ID.fullmatch(key)), key=_age, reverse=True)
        return [_read(letter_id, box.get_bytes(letter_id)) for letter_id in ids[:most]]

    def letter(self, letter_id: str) -> KeptLetter | None:
        """Return one letter; None for an id that is not that of a kept letter, whatever it looks like."""
        if not LETTER_ID.fullmatch(letter_id):
            return None
        try:
            return _read(letter_id, _open(self.folder).get_bytes(letter_id))
        except KeyError:
            return None


def _open(folder: Path) -> mailbox.Maildir:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return mailbox.Maildir(folder, create=True)


def _age(letter_id: str) -> tuple[int, ...]:
    match = LETTER_ID.fullmatch(letter_id)
    return tuple(int(number) for number in match.groups()) if match else ()


def _read(letter_id: str, raw: bytes) -> KeptLetter:
    message = message_from_bytes(raw, policy=policy.default)
    text = _content(message, "plain")
    return KeptLetter(
        id=letter_id,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        date=message["Date"].datetime,
        headers=[(name, str(value)) for name, value in message.items()],
        text=text,
        html=_content(message, "html"),
        links=[link.rstrip(NOT_PART_OF_A_LINK) for link in LINK.findall(text)],
        raw=raw,
    )


def _content(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""
