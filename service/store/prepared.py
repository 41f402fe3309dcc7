"""One look-up on a kept connection: no ORM, no pool, no transaction to begin.

The statement and the conversions of its columns come from the same tables as everything else. Nothing is cached:
what ended is gone at the next look.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, Select

from service.core.errors import Unavailable
from service.store.database import is_away
from service.store.written import Written


class Prepared:
    """Ask one question on connections of its own, as many as are busy at once."""

    def __init__(self, engine: Engine, statement: Select[*tuple[Any, ...]]) -> None:
        self._spelled = Written(statement).on(engine.dialect)
        self._engine = engine
        self._idle: deque[Any] = deque()

    def one(self, **asked: Any) -> Sequence[Any] | None:
        """Return the values of the row, None for no row. Raises `Unavailable` when the database is away."""
        row = self._fetch(self._spelled.bound(asked))
        return None if row is None else self._spelled.read(row)

    def _fetch(self, bound: Any) -> Any:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = None
        if connection is not None:
            try:
                return self._ask(connection, bound)
            except Exception as error:
                if not is_away(error):
                    raise
                self._idle.clear()  # the others are as old as this one
        try:
            return self._ask(self._connect(), bound)
        except Exception as error:
            if is_away(error):
                raise Unavailable from error
            raise

    def _ask(self, connection: Any, bound: Any) -> Any:
        cursor = connection.execute(self._spelled.sql, bound)
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
