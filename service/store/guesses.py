"""Wrong passwords in a row, by the SHA-256 of the address and, for known browsers, of their secret."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.core.guesses import Guesser, Patience, Tally
from service.core.values import digest
from service.store.schema import GuessRow


class GuessRepository:
    """Tallies of failures, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, guesser: Guesser) -> Tally | None:
        tally = select(GuessRow.failures, GuessRow.next_at).where(*_row_of(guesser))
        row = self._connection.execute(tally).one_or_none()
        return Tally(*row) if row else None

    def claim(self, guesser: Guesser, seen: Tally, patience: Patience, *, at: datetime) -> bool:
        claimed = update(GuessRow).where(
            *_row_of(guesser), GuessRow.failures == seen.failures, GuessRow.next_at <= at
        )
        counted = patience.after(seen.failures + 1, at)
        values = {**vars(counted), "expires_at": at + patience.remembered(counted)}
        return self._connection.execute(claimed.values(**values)).rowcount == 1

    def add(self, guesser: Guesser, patience: Patience, *, at: datetime) -> Tally:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        address_hash, device_hash = _hashes(guesser)
        counted = self._connection.execute(
            insert(GuessRow)
            .values(address_hash=address_hash, device_hash=device_hash, failures=1, next_at=at, expires_at=at)
            .on_conflict_do_update(
                index_elements=["address_hash", "device_hash"], set_={"failures": GuessRow.failures + 1}
            )
            .returning(GuessRow.failures)
        )
        tally = patience.after(counted.scalar_one(), at)
        values = {"next_at": tally.next_at, "expires_at": at + patience.remembered(tally)}
        self._connection.execute(update(GuessRow).where(*_row_of(guesser)).values(**values))
        return tally

    def forgive(self, guesser: Guesser) -> None:
        self._connection.execute(delete(GuessRow).where(*_row_of(guesser)))

    def forget(self, canonical: str) -> None:
        self._connection.execute(delete(GuessRow).where(GuessRow.address_hash == digest(canonical)))

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(GuessRow).where(GuessRow.expires_at <= now)).rowcount


def _hashes(guesser: Guesser) -> tuple[bytes, bytes]:
    return digest(guesser.address), digest(guesser.device) if guesser.device else b""


def _row_of(guesser: Guesser) -> tuple[ColumnElement[bool], ...]:
    address_hash, device_hash = _hashes(guesser)
    return GuessRow.address_hash == address_hash, GuessRow.device_hash == device_hash
