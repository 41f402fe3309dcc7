"""Support's question, answered: "I never got the mail". Everything known of an address's letters, in order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.core.addresses import parse_address
from service.core.errors import NotFound
from service.core.mail_events import MailEvent, Suppression
from service.core.ports import Clock, Store
from service.core.values import LetterRecord

REQUESTED, WAITING = "requested", "waiting"


@dataclass(frozen=True)
class Entry:
    """One line: `what` is `requested`, `waiting`, an `Outcome` or an `EventKind`; `detail` who said what."""

    at: datetime
    what: str
    letter: str
    row_id: UUID | None
    detail: str = ""


@dataclass(frozen=True)
class Timeline:
    """What became of letters, the oldest first, and whether the address gets any."""

    address: str | None
    suppression: Suppression | None
    entries: Sequence[Entry]


@dataclass(frozen=True)
class MailTimeline:
    """Look back, as far as records are kept."""

    store: Store
    clock: Clock

    def of_address(self, address: str) -> Timeline:
        """Return what was sent, or not, to an address. Raises `ValidationFailed`."""
        canonical = parse_address(address).canonical
        with self.store.read() as uow:
            return Timeline(
                canonical,
                uow.suppressions.active(canonical, self.clock()),
                _in_order(uow.outbox.history(canonical), uow.mail_events.of_address(canonical)),
            )

    def of_user(self, user_id: UUID) -> Timeline:
        """Return the same for an account, under whatever address it was at the time. Raises `NotFound`."""
        with self.store.read() as uow:
            user = uow.users.by_id(user_id)
            if user is None:
                raise NotFound
            events = list(uow.mail_events.of_user(user_id))
            suppression = None
            if user.canonical:
                events += uow.mail_events.of_address(user.canonical)
                suppression = uow.suppressions.active(user.canonical, self.clock())
            unique = {event.key: event for event in events}
            history = uow.outbox.history(user.canonical, user_id)
            return Timeline(user.canonical, suppression, _in_order(history, unique.values()))


def _in_order(letters: Sequence[LetterRecord], events: Iterable[MailEvent]) -> list[Entry]:
    names = {letter.id: letter.letter for letter in letters}
    entries = [  # first, so that at one instant a used link stands before the notice it causes
        Entry(
            event.at,
            event.kind,
            names.get(event.row_id, "") if event.row_id else "",
            event.row_id,
            event.detail,
        )
        for event in events
        if not event.key.startswith("smtp:")  # what a server said at once is told by the letter's own record
    ]
    entries += [entry for letter in letters for entry in _story(letter)]
    return sorted(entries, key=lambda entry: entry.at)


def _story(letter: LetterRecord) -> Iterator[Entry]:
    yield Entry(letter.created_at, REQUESTED, letter.letter, letter.id)
    tries = f" (try {letter.attempts})" if letter.attempts > 1 else ""
    if letter.settled_at is not None and letter.outcome is not None:
        yield Entry(letter.settled_at, letter.outcome, letter.letter, letter.id, letter.answer + tries)
    else:
        yield Entry(letter.due_at, WAITING, letter.letter, letter.id, (letter.answer + tries).strip())
