"""Engines for the two databases, and the errors of theirs that mean "not now".

SQLite: WAL, `synchronous=FULL` (an acknowledged commit survives a power cut), writers queue up at
`BEGIN IMMEDIATE` instead of failing half-way, the file belongs to its owner alone. PostgreSQL: psycopg 3,
every wait bounded, connections checked before use, several hosts in the URL find the one that takes writes.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from service.core.errors import Unavailable

BUSY_TIMEOUT = 5.0  # seconds
POOL = {"pool_size": 16, "max_overflow": 16, "pool_timeout": 2}
POSTGRESQL_OPTIONS = (
    "-c statement_timeout=5000 -c lock_timeout=2000"
    " -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
)
# A connection that dies without a word, by a fail-over or in a firewall, is given up after some 10 seconds (libpq,
# Parameter Key Words).
SILENCE = {
    "tcp_user_timeout": 8000,  # milliseconds until what was sent must be acknowledged
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
READ_ONLY_TRANSACTION = "25006"  # PostgreSQL's SQLSTATE on a standby


def open_engine(database_url: str) -> Engine:
    """Return the engine for a SQLAlchemy URL. No connection is made yet.

    Raises `ValueError`, which does not repeat the URL: it may hold a password.
    """
    try:
        url = make_url(database_url)
    except (exc.ArgumentError, ValueError):
        raise ValueError(
            "AUTH_DATABASE_URL: expected postgresql://user:password@host/name"
            " (write / ? # @ : in a password as %XX) or sqlite:///path"
        ) from None
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return _postgresql(url)


class WriterQueue:
    """Lets the threads of one process write to SQLite in turn.

    SQLite lets one write at a time, too, but makes the others sleep for up to 100 ms between looks.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def __enter__(self) -> None:
        if not self._turn.acquire(timeout=BUSY_TIMEOUT):
            raise Unavailable

    def __exit__(self, *_: object) -> None:
        self._turn.release()


@contextmanager
def database_errors_as_unavailable() -> Iterator[None]:
    """Turn "the database cannot do this now" into `Unavailable`; the transaction is rolled back by then."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            raise Unavailable from error
        raise


def is_away(error: Exception) -> bool:
    """Whether an error, a driver's or SQLAlchemy's, means that the database, or our pool, not the statement, failed."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if not names.isdisjoint({"OperationalError", "InterfaceError", "TimeoutError"}):
        return True
    return getattr(getattr(error, "orig", error), "sqlstate", None) == READ_ONLY_TRANSACTION


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        _own_file(Path(url.database))
    # isolation_level None: the driver begins nothing by itself, `_begin` below does
    engine = create_engine(
        url,
        hide_parameters=True,  # errors are logged; what was to be stored is not
        connect_args={"timeout": BUSY_TIMEOUT, "isolation_level": None, "check_same_thread": False},
        **POOL,
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        set_sqlite_pragmas(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("masthead_write")
        driver: Any = connection.connection.dbapi_connection
        driver.execute("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def set_sqlite_pragmas(connection: Any) -> None:
    """Make a fresh SQLite connection durable, patient and strict about foreign keys."""
    connection.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT * 1000)}")
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _switch_to_wal(connection: Any) -> None:
    """Ask for WAL until it is granted: the switch itself does not wait for the time-out (SQLite's wal.html)."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _own_file(path: Path) -> None:
    """Create the file readable by its owner alone; its WAL gets the same mode from SQLite."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _postgresql(url: URL) -> Engine:
    url = url.set(drivername="postgresql+psycopg")
    hosts = url.query.get("host", ())
    arguments: dict[str, Any] = {"connect_timeout": 3, "options": POSTGRESQL_OPTIONS, **SILENCE}
    if not isinstance(hosts, str) and len(hosts) > 1:
        arguments["target_session_attrs"] = "read-write"
    return create_engine(
        url,
        connect_args=arguments,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_recycle=1800,
        **POOL,
    )
