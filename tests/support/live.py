"""The service as real processes: `make serve` and `make worker`, as operators and acceptance start it."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from tests.support.environment import process_environment, service_environment
from tests.support.pages import hidden_fields
from tests.support.processes import end_group, free_port
from tests.support.smtp import SmtpSink

ROOT = Path(__file__).parents[2]


class LiveClient(httpx2.Client):
    """Keeps its cookies and says which site it is on; redirects are not followed."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(base_url=url, headers={"Origin": url}, timeout=30, trust_env=False, **options)

    def form(self, path: str, **fields: str) -> httpx2.Response:
        """Open a page, fill in its form, send it: hidden fields such as csrf_token come from the page."""
        page = self.get(path)
        assert page.status_code == 200, f"{path} answered {page.status_code}"
        return self.post(
            urlsplit(path)._replace(scheme="", netloc="").geturl(), data=hidden_fields(page.text) | fields
        )


class LiveService:
    """`with LiveService(url, smtp, workers=1) as live:`; the database is migrated before.

    With `processes=0` there are workers only.
    """

    def __init__(
        self,
        database_url: str,
        mailbox: SmtpSink,
        *,
        processes: int = 1,
        workers: int = 0,
        port: int | None = None,
        drain_seconds: float = 0,
        silent_seconds: float = 20,
        **overrides: str | int | None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.mailbox = mailbox
        self.workers: list[subprocess.Popen[bytes]] = []
        self.web: subprocess.Popen[bytes] | None = None
        self._log = tempfile.NamedTemporaryFile(prefix="masthead-live-", suffix=".log")  # noqa: SIM115
        self._wanted_processes, self._wanted_workers = processes, workers
        overrides = {"public_url": self.url, "worker": "process" if workers else "off", **overrides}
        self.environment = process_environment(
            service_environment(database_url, mailbox.url, **overrides)
        ) | {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(processes or 1),
            "DRAIN_SECONDS": str(drain_seconds),
            "SILENT_SECONDS": str(silent_seconds),
        }

    def start(self) -> None:
        if self._wanted_processes:
            self.web = self._make("serve")
        for _ in range(self._wanted_workers):
            self.start_worker()
        if self.web:
            self.wait_until_ready()

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start one more delivery worker and return its process."""
        worker = self._make("worker")
        self.workers.append(worker)
        return worker

    def _make(self, target: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["make", target],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def wait_until_ready(self, timeout: float = 30) -> None:
        """Wait until /readyz answers 200; fails with the log when it does not."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            assert self.web is not None
            assert self.web.poll() is None, f"the web server ended:\n{self.log()}"
            try:
                if httpx2.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not ready after {timeout} s:\n{self.log()}")

    def client(self, **options: Any) -> LiveClient:
        """A new browser, nobody signed in."""
        return LiveClient(self.url, **options)

    def log(self) -> str:
        """Everything the processes have said."""
        return Path(self._log.name).read_text(errors="replace")

    def terminate(self, process: subprocess.Popen[bytes] | None = None, timeout: float = 40) -> int:
        """SIGTERM one process, the web server if none is named; returns the exit status (-15: make's own)."""
        chosen = process or self.web
        assert chosen is not None
        os.kill(chosen.pid, signal.SIGTERM)
        return chosen.wait(timeout)

    def kill(self, process: subprocess.Popen[bytes] | None = None) -> None:
        """SIGKILL one process with its children, the web server if none is named."""
        chosen = process or self.web
        assert chosen is not None
        end_group(chosen)

    def close(self) -> None:
        for process in [*self.workers, *([self.web] if self.web else [])]:
            end_group(process)
        self._log.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
