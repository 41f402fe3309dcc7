"""How the schema grows. `upgrade` brings a database to the newest revision; safe twice and at once.

Only `upgrade` needs Alembic. It loads every database dialect and a template engine, so web processes, which ask
no more than whether the revision is right, do without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from service.core.errors import Unavailable
from service.store.database import database_errors_as_unavailable

ADVISORY_LOCK = 7_377_214_501  # any number nobody else uses
PATIENCE = "60s"
HERE = Path(__file__).parent


@cache
def newest_revision() -> str:
    """Return the revision this code needs: the number that the last file of `versions/` begins with."""
    return max(file.name for file in (HERE / "versions").glob("[0-9]*.py")).partition("_")[0]


def current_revision(engine: Engine) -> str | None:
    """Return the revision the database is at, None when it is empty. Raises `Unavailable`."""
    with database_errors_as_unavailable(), engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision in one transaction; a second caller waits for the first.

    Raises `Unavailable`.
    """
    writing = engine.execution_options(masthead_write=True)
    with database_errors_as_unavailable(), writing.connect() as connection, _free_to_rebuild(connection):
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        _run_alembic(connection)


@contextmanager
def _free_to_rebuild(connection: Connection) -> Iterator[None]:
    """Run one transaction in which SQLite may rebuild a table without deleting the rows that point to it.

    SQLite changes a column by making the table anew; its foreign keys can be put to sleep only outside of a
    transaction (sqlite.org/lang_altertable.html, section 7), so they are checked before the commit instead.
    """
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        _foreign_keys(connection, "OFF")
    try:
        with connection.begin():
            yield
            if sqlite and connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
                raise RuntimeError("the migration would leave rows that point nowhere")
    finally:
        if sqlite:
            _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, state: str) -> None:
    bare = connection.connection.dbapi_connection
    assert bare is not None
    bare.cursor().execute(f"PRAGMA foreign_keys={state}")


def require_current(engine: Engine) -> None:
    """Raise `Unavailable` unless the database is at the revision this code needs."""
    if current_revision(engine) != newest_revision():
        raise Unavailable


def _run_alembic(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
