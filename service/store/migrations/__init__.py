"""How the schema grows. `upgrade` brings a database to the newest revision; safe twice and at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from service.core.errors import Unavailable
from service.store.database import database_errors_as_unavailable

ADVISORY_LOCK = 7_377_214_501  # any number nobody else uses
PATIENCE = "60s"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str | None:
    """Return the revision this code needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current_revision(engine: Engine) -> str | None:
    """Return the revision the database is at, None when it is empty. Raises `Unavailable`."""
    with database_errors_as_unavailable(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision in one transaction; a second caller waits for the first."""
    with engine.execution_options(masthead_write=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        command.upgrade(_config(connection), "head")


def require_current(engine: Engine) -> None:
    """Raise `Unavailable` unless the database is at the revision this code needs."""
    if current_revision(engine) != newest_revision():
        raise Unavailable
