"""Wrong passwords in a row, by the SHA-256 of the address and, for known browsers, of their secret."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from service.core.guesses import Guesser, Patience, Tally
from service.core.values import digest
from service.store.schema import GuessRow
from service.store.written import Written

OF_GUESSER = (
    GuessRow.address_hash == bindparam("address"),
    GuessRow.device_hash == bindparam("device"),
)
TALLY = Written(select(GuessRow.failures, GuessRow.next_at).where(*OF_GUESSER))
COUNT = Written(
    lambda insert: (
        insert(GuessRow)
        .on_conflict_do_update(
            index_elements=["address_hash", "device_hash"], set_={"failures": GuessRow.failures + 1}
        )
        .returning(GuessRow.failures)
    )
)
PAUSE = Written(
    update(GuessRow).where(*OF_GUESSER).values(next_at=bindparam("at"), expires_at=bindparam("until"))
)


class GuessRepository:
    """Tallies of failures, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, guesser: Guesser) -> Tally | None:
        row = TALLY.one(self._connection, **_hashes(guesser))
        return Tally(*row) if row else None

    def claim(self, guesser: Guesser, seen: Tally, patience: Patience, *, at: datetime) -> bool:
        claimed = update(GuessRow).where(
            *OF_GUESSER, GuessRow.failures == seen.failures, GuessRow.next_at <= at
        )
        counted = patience.after(seen.failures + 1, at)
        values = {**vars(counted), "expires_at": at + patience.remembered(counted)}
        return self._connection.execute(claimed.values(**values), _hashes(guesser)).rowcount == 1

    def add(self, guesser: Guesser, patience: Patience, *, at: datetime) -> Tally:
        hashes = _hashes(guesser)
        counted = COUNT.one(
            self._connection,
            address_hash=hashes["address"],
            device_hash=hashes["device"],
            failures=1,
            next_at=at,
            expires_at=at,
        )
        assert counted is not None
        tally = patience.after(counted[0], at)
        PAUSE.run(self._connection, **hashes, at=tally.next_at, until=at + patience.remembered(tally))
        return tally

    def forgive(self, guesser: Guesser) -> None:
        self._connection.execute(delete(GuessRow).where(*OF_GUESSER), _hashes(guesser))

    def forget(self, canonical: str) -> None:
        self._connection.execute(delete(GuessRow).where(GuessRow.address_hash == digest(canonical)))

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(GuessRow).where(GuessRow.expires_at <= now)).rowcount


def _hashes(guesser: Guesser) -> dict[str, bytes]:
    return {
        "address": digest(guesser.address),
        "device": digest(guesser.device) if guesser.device else b"",
    }
