"""The recipes of `docs/integrations`, run as their readers would: what a page shows is what is tested.

A block whose first line names a file, such as ```python app.py, is that file.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Self

import httpx2

from tests.support.live import ROOT
from tests.support.processes import end_group, free_port
from tests.support.service import Service

PAGES = ROOT / "docs" / "integrations"
BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOOLS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def files_of(page: str) -> dict[str, str]:
    """The files a page shows, by name."""
    return dict(BLOCK.findall((PAGES / f"{page}.md").read_text()))


def register(page: str, staff: Service, **variables: str) -> dict[str, str]:
    """Run the command of the page's `register.sh` in this process; returns the client's id and secret."""
    command = files_of(page)["register.sh"].replace("\\\n", " ")
    words = shlex.split(Template(command).substitute(variables))
    assert words[:3] == [".venv/bin/flask", "--app", "wsgi"]
    with staff.app.app_context():
        done = staff.app.test_cli_runner().invoke(args=words[3:])
    assert done.exit_code == 0, done.output or repr(done.exception)
    told: dict[str, str] = json.loads(done.stdout)
    return {"CLIENT_ID": told["client_id"], "CLIENT_SECRET": told["client_secret"]}


class Recipe:
    """`with Recipe("flask", folder, PORT=…) as app:` writes the files of pages to a folder, runs `run.sh` there."""

    def __init__(
        self,
        page: str,
        folder: Path,
        *,
        port: int | None = None,
        also: tuple[str, ...] = (),
        more: dict[str, str] | None = None,
        patience: float = 60,
        **variables: str,
    ) -> None:
        self.folder, self.port = folder, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.patience = patience  # seconds until it answers
        self.client_id = variables.get("CLIENT_ID", "")
        self._variables = {"PORT": str(self.port), "URL": self.url, "SECRET_KEY": "x" * 40} | variables
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        shown = [pair for name in (*also, page) for pair in files_of(name).items()]
        for name, content in (*shown, *(more or {}).items()):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def client(self) -> httpx2.Client:
        """A browser that goes wherever it is sent."""
        return httpx2.Client(base_url=self.url, follow_redirects=True, timeout=30, trust_env=False)

    def log(self) -> str:
        """Everything it has said."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            ["bash", "-euc", (self.folder / "run.sh").read_text()],
            cwd=self.folder,
            env=os.environ | {"PATH": TOOLS} | self._variables,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"it ended:\n{self.log()}"
            try:
                httpx2.get(self.url, timeout=5, trust_env=False)
                return self
            except httpx2.TransportError:
                time.sleep(0.05)
        self.__exit__(None, None, None)
        raise AssertionError(f"not ready:\n{self.log()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_group(self.process)
        if error is not None:
            print(f"--- log of {self.url}\n{self.log()}")
        self._log.close()
