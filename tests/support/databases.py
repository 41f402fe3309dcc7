"""Fresh, migrated databases of both kinds: migrated once, then copied for each test."""

import shutil
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
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def template(self) -> Path:
        file = self.folder / "template.db"
        migrate(f"sqlite:///{file}")
        return file

    def new(self, folder: Path) -> str:
        copy = Path(shutil.copy(self.template, folder / "masthead.db"))
        copy.chmod(0o600)
        return f"sqlite:///{copy}"


class PostgresDatabases:
    """Copies of one migrated database of a running server."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server

    @cached_property
    def template(self) -> str:
        name = self.server.new_database()
        migrate(self.server.url(name))
        return name

    def new(self) -> str:
        return self.server.url(self.server.new_database(self.template))

    def drop(self, url: str) -> None:
        self.server.drop(url.rpartition("/")[2])
