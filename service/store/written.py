"""Statements written out once: SQLAlchemy writes the SQL and knows the types, the driver runs it.

For what runs with every sign-in, request or letter. Building a statement anew takes 200 to 400 µs and SQLAlchemy's way
of running one 80; this takes 15 (ADR 12). It works inside SQLAlchemy's transactions, and whoever listens to an engine's
statements hears of these too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import UpdateBase
from sqlalchemy.types import TypeEngine

from service.store.schema import Instant

Statement = UpdateBase | Select[*tuple[Any, ...]]
Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Spelled:
    """A statement as one database wants it. Values go in and come out as the tables' types say."""

    sql: str
    constants: dict[str, Any]
    order: tuple[str, ...] | None
    going_in: Sequence[tuple[str, Convert]]
    coming_out: Sequence[tuple[int, Convert]]

    def bound(self, asked: dict[str, Any]) -> Any:
        """Return the parameters as the driver takes them: in order, or by name."""
        values = {**self.constants, **asked} if self.constants else asked
        for name, convert in self.going_in:
            values[name] = convert(values[name])
        return tuple([values[name] for name in self.order]) if self.order is not None else values

    def read(self, row: Sequence[Any]) -> Sequence[Any]:
        """Return the values of a row."""
        if not self.coming_out:
            return row
        values = list(row)
        for position, convert in self.coming_out:
            values[position] = convert(values[position])
        return values


class Written:
    """One statement, spelled for a database when it is first run there. Its values are named `bindparam`s.

    An upsert, which every database has its own words for, is a function of their `insert`.
    """

    def __init__(self, statement: Statement | Callable[[Any], Statement]) -> None:
        self._statement = statement
        self._spelled: dict[str, Spelled] = {}

    def run(self, connection: Connection, **values: Any) -> int:
        """Change something; return how many rows."""
        spelled = self.on(connection.dialect)
        changed: int = _sent(connection, spelled, values).rowcount
        return changed

    def one(self, connection: Connection, **values: Any) -> Sequence[Any] | None:
        """Return the values of the first row, None for no row."""
        spelled = self.on(connection.dialect)
        cursor = _sent(connection, spelled, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else spelled.read(row)

    def all(self, connection: Connection, **values: Any) -> list[Sequence[Any]]:
        """Return the values of every row."""
        spelled = self.on(connection.dialect)
        return [spelled.read(row) for row in _sent(connection, spelled, values).fetchall()]

    def on(self, dialect: Dialect) -> Spelled:
        """Return the statement in a database's words."""
        spelled = self._spelled.get(dialect.name)
        if spelled is None:
            spelled = self._spelled[dialect.name] = self._spell(dialect)
        return spelled

    def _spell(self, dialect: Dialect) -> Spelled:
        statement = self._statement
        if not isinstance(statement, UpdateBase | Select):
            statement = statement(postgresql.insert if dialect.name == "postgresql" else sqlite.insert)
        compiled = statement.compile(dialect=dialect)
        going_in = [
            (name, convert)
            for name in compiled.params
            if (convert := _into(compiled.binds[name].type, dialect)) is not None
        ]
        asked = {name for name in compiled.params if compiled.binds[name].required}
        constants = {name: value for name, value in compiled.params.items() if name not in asked}
        for name, convert in going_in:
            if name in constants:
                constants[name] = convert(constants[name])
        return Spelled(
            str(compiled),
            constants,
            tuple(compiled.positiontup) if compiled.positiontup is not None else None,
            [(name, convert) for name, convert in going_in if name in asked],
            [
                (position, convert)
                for position, column in enumerate(_columns(statement))
                if (convert := _out_of(column.type, dialect)) is not None
            ],
        )


def _sent(connection: Connection, spelled: Spelled, values: dict[str, Any]) -> Any:
    bound = spelled.bound(values)
    if connection.dispatch.before_cursor_execute:  # somebody listens: tests, a tracer
        return connection.exec_driver_sql(spelled.sql, bound)
    return connection.connection.dbapi_connection.execute(spelled.sql, bound)  # type: ignore[union-attr]


def _columns(statement: Statement) -> Sequence[ColumnElement[Any]]:
    return tuple(getattr(statement, "exported_columns", ()))


def _into(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """Return what makes the database's value of ours; None where the two are the same."""
    if isinstance(kind, Instant) and dialect.name == "sqlite":
        return _text_of
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _out_of(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """Return what makes our value of the database's; None where the two are the same."""
    if isinstance(kind, Instant) and dialect.name == "sqlite":
        return _instant_of
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _text_of(instant: datetime | None) -> str | None:
    """Write SQLite's text as `Instant` does, in a third of the time: a sign-in has a dozen."""
    return None if instant is None else instant.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _instant_of(text: str | None) -> datetime | None:
    """Read SQLite's text as `Instant` does, in a fifth of the time: a session has seven."""
    return None if text is None else datetime.fromisoformat(text + "+00:00")
