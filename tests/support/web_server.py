"""The web server as `make serve` starts it, two processes of it, around an application a test writes itself."""

import subprocess
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.support.environment import process_environment
from tests.support.live import ROOT
from tests.support.processes import free_port
from tests.support.smtp import wait_until


class WebServer:
    """`folder` gets a `wsgi.py` with `application`; `settings` are environment variables."""

    def __init__(self, folder: Path, application: str, **settings: str) -> None:
        self.folder = folder
        (folder / "wsgi.py").write_text(application)
        self.port = free_port()
        settings = {
            "PYTHONPATH": str(ROOT),
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "DRAIN_SECONDS": "2",
        } | settings
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.server"],
            cwd=folder,
            env=process_environment(settings),
            start_new_session=True,
        )
        wait_until(lambda: self.get("/") == 200, what="the server")

    def get(self, path: str) -> int | str:
        """Ask once; return the status, or the name of what went wrong."""
        try:
            return self.ask(path)[0]
        except (OSError, HTTPException) as error:
            return type(error).__name__

    def ask(self, path: str) -> tuple[int, bytes]:
        """Ask once on a connection of its own; return status and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
