"""Look-ups on connections that are kept: no ORM, no pool, no transaction to begin.

The statements and the conversions of their columns come from the same tables as everything else. Nothing is cached:
what ended is gone at the next look.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from service.core.errors import Unavailable
from service.store.database import is_away
from service.store.written import Written


class KeptConnections:
    """As many connections as ever were busy at once; each answers one look-up at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Any] = deque()

    def one(self, statement: Written, **asked: Any) -> Sequence[Any] | None:
        """Return the values of the row, None for no row. Raises `Unavailable` when the database is away."""
        spelled = statement.on(self._engine.dialect)
        row = self._fetch(spelled.sql, spelled.bound(asked))
        return None if row is None else spelled.read(row)

    def _fetch(self, sql: str, bound: Any) -> Any:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = None
        if connection is not None:
            try:
                return self._ask(connection, sql, bound)
            except Exception as error:
                if not is_away(error):
                    raise
                self._idle.clear()  # the others are as old as this one
        try:
            return self._ask(self._connect(), sql, bound)
        except Exception as error:
            if is_away(error):
                raise Unavailable from error
            raise

    def _ask(self, connection: Any, sql: str, bound: Any) -> Any:
        cursor = connection.execute(sql, bound)
        row = cursor.fetchone()
        cursor.close()
        self._idle.append(connection)
        return row

    def _connect(self) -> Any:
        fairy = self._engine.raw_connection()
        connection = fairy.dbapi_connection
        fairy.detach()
        if self._engine.dialect.name == "postgresql":
            connection.autocommit = True  # type: ignore[union-attr]
        return connection
