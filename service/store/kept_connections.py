"""Look-ups on connections that are kept: no ORM, no pool, no transaction to begin.

The statements and the conversions of their columns come from the same tables as everything else. Nothing is cached:
what ended is gone at the next look.
"""

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from sqlalchemy import Engine

from service.core.errors import Unavailable
from service.store.database import is_away
from service.store.written import Written

MOST = 16
"""Connections at once. They are few because a database that stalls would else be given one by every thread."""

LONGEST_WAIT = 1.5
"""Seconds until one must be free; whoever asks is to be refused within 2."""

CHANGED_UNDER_US = "0A000"
"""PostgreSQL's SQLSTATE for a statement prepared before a migration changed its columns."""


class KeptConnections:
    """At most `MOST` connections, opened as they are needed; each answers one look-up at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # what was used last is at the right and used next; None is a place without a connection
        self._free: deque[Any] = deque([None] * MOST)
        self._freed = threading.Condition()
        self._waiting = 0
        self._stalled_until = 0.0

    def one(self, statement: Written, **asked: Any) -> Sequence[Any] | None:
        """Return the values of the row, None for no row. Raises `Unavailable` when the database is away or stalls."""
        spelled = statement.on(self._engine.dialect)
        row = self._fetch(spelled.sql, spelled.bound(asked))
        return None if row is None else spelled.read(row)

    def _fetch(self, sql: str, bound: Any) -> Any:
        kept, good = self._take(), None
        try:
            row, good = self._ask(kept, sql, bound)
        except Exception as error:
            if is_away(error):
                raise Unavailable from error
            raise
        finally:
            self._give_back(good)
        return row

    def _ask(self, kept: Any, sql: str, bound: Any) -> tuple[Any, Any]:
        """Return the row and the connection that told it: another one where the kept one has been cut."""
        if kept is not None:
            try:
                return fetched(kept, sql, bound), kept
            except Exception as error:
                if not (is_away(error) or getattr(error, "sqlstate", None) == CHANGED_UNDER_US):
                    raise
        connection = self._connect()
        return fetched(connection, sql, bound), connection

    def _take(self) -> Any:
        try:
            return self._free.pop()
        except IndexError:
            return self._wait_for_one()

    def _wait_for_one(self) -> Any:
        """Wait, unless somebody has just waited for nothing: a request asks more than once, and many ask."""
        end = monotonic() + LONGEST_WAIT
        with self._freed:
            self._waiting += 1
            try:
                while True:
                    with suppress(IndexError):
                        return self._free.pop()
                    now = monotonic()
                    if now >= end:
                        self._stalled_until = now + LONGEST_WAIT
                    if now < self._stalled_until:
                        raise Unavailable
                    self._freed.wait(end - now)
            finally:
                self._waiting -= 1

    def _give_back(self, connection: Any) -> None:
        if connection is None:
            self._free.appendleft(None)
        else:
            self._free.append(connection)
        if self._waiting:
            with self._freed:
                self._freed.notify()

    def _connect(self) -> Any:
        fairy = self._engine.raw_connection()
        connection = fairy.dbapi_connection
        fairy.detach()
        if self._engine.dialect.name == "postgresql":
            connection.autocommit = True  # type: ignore[union-attr]
        return connection


def fetched(connection: Any, sql: str, bound: Any) -> Any:
    """Return the first row a statement finds, as the driver has it."""
    cursor = connection.execute(sql, bound)
    row = cursor.fetchone()
    cursor.close()
    return row
