"""Fresh, migrated databases of both kinds: migrated once, then copied for each test."""

import subprocess
import sys
from functools import cached_property
from pathlib import Path

from tests.support.environment import process_environment, service_environment
from tests.support.postgres import PostgresServer


def migrate(database_url: str) -> None:
    """Bring a database to the newest schema the way operators do; fails with what the command said."""
    variables = service_environment(database_url, "smtp://127.0.0.1:9")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "migrate"]
    done = subprocess.run(
        command, env=process_environment(variables), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"migrating {database_url} failed:\n{done.stdout}{done.stderr}")


class SqliteDatabases:
    """Copies of one migrated file, kept for the whole process: what `make mutants` forks off need not migrate."""

    _migrated: bytes | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(self, folder: Path) -> str:
        copy = folder / "masthead.db"
        copy.write_bytes(self._template())
        copy.chmod(0o600)
        return f"sqlite:///{copy}"

    def _template(self) -> bytes:
        kept = SqliteDatabases._migrated
        if kept is None:
            file = self.folder / "template.db"
            migrate(f"sqlite:///{file}")
            kept = SqliteDatabases._migrated = file.read_bytes()
        return kept


class PostgresDatabases:
    """Copies of one migrated database of a running server.

    A copy and its removal take a tenth of a second of the processor, emptying takes a hundredth of that. So a
    database that is given back is emptied for the next test, unless a test has changed more than rows.
    """

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._idle: list[str] = []

    @cached_property
    def template(self) -> str:
        name = self.server.new_database()
        migrate(self.server.url(name))
        return name

    @cached_property
    def shape(self) -> str:
        return self.server.shape(self.template)

    def new(self) -> str:
        """Make a database ready. Only now is one emptied: whatever still ran when it was given back has ended."""
        while self._idle:
            name = self._idle.pop()
            if self.server.shape(name) == self.shape:
                self.server.empty(name)
                return self.server.url(name)
            self.server.drop(name)
        return self.server.url(self.server.new_database(self.template))

    def give_back(self, url: str) -> None:
        self._idle.append(url.rpartition("/")[2])
