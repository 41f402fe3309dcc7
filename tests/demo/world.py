"""Masthead and three services around it, as real processes on one machine; everything they keep is gone at the end."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from config.settings import load_settings
from service.app import create_app
from tests.demo import front
from tests.support.environment import process_environment
from tests.support.live import ROOT
from tests.support.processes import free_port
from tests.support.recipes import files_of

TOOLS = Path(sys.executable).parent
EVENTS = ("newsletter.subscribed", "newsletter.unsubscribed", "user.email_changed", "user.deleted")
PATIENCE = 60.0  # seconds until everybody has to answer


@dataclass
class World:
    """Where everybody answers. `port` is the only address readers know; Masthead and the magazine stand behind it."""

    port: int
    folder: Path
    running: ExitStack
    masthead: int = field(default_factory=free_port)
    magazine: int = field(default_factory=free_port)
    comments: int = field(default_factory=free_port)
    newsletter: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log = self.running.enter_context((self.folder / "log").open("wb"))
        self.running.callback(self.end)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def comments_url(self) -> str:
        return f"http://127.0.0.1:{self.comments}"

    @property
    def newsletter_url(self) -> str:
        return f"http://127.0.0.1:{self.newsletter}"

    @property
    def settings(self) -> dict[str, str]:
        """Masthead's own, for development."""
        return {
            "AUTH_ENV": "development",
            "AUTH_PUBLIC_URL": self.url,
            "AUTH_SITE_NAME": "The Lighthouse",
            "AUTH_SITE_URL": self.url,
            "AUTH_DATABASE_URL": f"sqlite:///{self.folder / 'masthead.db'}",
            "AUTH_TRUSTED_PROXIES": "1",
            "AUTH_WORKER": "process",
            "AUTH_LOG_LEVEL": "WARNING",
        }

    def start(self, command: Sequence[str | Path], folder: Path | None = None, **variables: str) -> None:
        """Start a process, with its variables beside ours."""
        environment = process_environment({"PYTHONPATH": str(ROOT), "HOST": "127.0.0.1", **variables})
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder or self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            process_group=0,  # Ctrl-C is for us alone, who end the others in order
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # there are no threads here yet
        )
        self.processes.append(process)

    def command(self, *words: str) -> Any:
        """Run one of Masthead's commands here; returns the JSON it prints, if any."""
        done = self._app.test_cli_runner().invoke(args=list(words))
        if done.exit_code:
            raise RuntimeError(f"flask {words[0]}: {done.output or done.exception}")
        return json.loads(done.stdout) if "--json" in words else None

    def start_masthead(self) -> None:
        """Migrate, then web and worker."""
        os.chdir(
            self.folder
        )  # the dev mailbox and the key of development are in `var`, below where it is started
        self._app = create_app(load_settings(self.settings))
        self.running.enter_context(self._app.app_context())
        self.command("migrate")
        web = {"PORT": str(self.masthead), "WEB_CONCURRENCY": "1", "DRAIN_SECONDS": "0"}
        self.start([sys.executable, "-m", "config.server"], **self.settings, **web)
        self.start([TOOLS / "flask", "--app", "wsgi", "worker"], **self.settings)

    def start_magazine(self) -> None:
        """The site itself."""
        elsewhere = {"COMMENTS_URL": self.comments_url, "NEWSLETTER_URL": self.newsletter_url}
        self.start(_flask("tests.demo.magazine", self.magazine), **elsewhere)

    def start_front(self) -> None:
        """nginx before the magazine and Masthead."""
        file = self.folder / "nginx.conf"
        file.write_text(
            front.configuration(self.folder, self.port, masthead=self.masthead, magazine=self.magazine)
        )
        self.start([front.PROGRAM, "-p", self.folder, "-c", file])

    def start_comments(self) -> None:
        """The Flask recipe, and the demo's comments on top of it, signed in to by OpenID Connect."""
        folder = self.folder / "comments"
        folder.mkdir()
        for page, name in (("flask", "app.py"), ("python", "masthead.py")):
            (folder / name).write_text(files_of(page)[name])
        url = self.comments_url
        client = self.command(
            *("clients", "create", "--name", "Comments", "--first-party", "--json"),
            *("--redirect-uri", f"{url}/callback", "--post-logout-redirect-uri", f"{url}/"),
            *("--backchannel-logout-uri", f"{url}/backchannel-logout"),
            *("--scope", "openid profile saved:read"),
        )
        self.start(
            _flask("tests.demo.comments", self.comments),
            folder,
            PYTHONPATH=f"{ROOT}{os.pathsep}{folder}",
            MASTHEAD_URL=self.url,
            CLIENT_ID=client["client_id"],
            CLIENT_SECRET=client["client_secret"],
            URL=url,
            SECRET_KEY=os.urandom(24).hex(),
        )

    def start_newsletter(self) -> None:
        """The newsletter, told by webhooks."""
        wanted = [word for event in EVENTS for word in ("--event", event)]
        hook = self.command("webhooks", "create", f"{self.newsletter_url}/hook", *wanted, "--json")
        self.start(_flask("tests.demo.newsletter", self.newsletter), WEBHOOK_SECRET=hook["secret"])

    def wait_for(self, url: str) -> None:
        """Wait until somebody answers. Raises `RuntimeError` when a process has ended or the time is over."""
        deadline = time.monotonic() + PATIENCE
        while not _answers(url):
            if time.monotonic() > deadline or not self.alive:
                said = (self.folder / "log").read_text(errors="replace")
                raise RuntimeError(f"{url} does not answer\n{said[-4000:]}")
            time.sleep(0.1)

    def end(self) -> None:
        """End everybody at once; who has not ended ten seconds later is killed."""
        for process in self.processes:
            process.terminate()
        deadline = time.monotonic() + 10
        for process in self.processes:
            try:
                process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()

    @property
    def alive(self) -> bool:
        return all(process.poll() is None for process in self.processes)


@contextmanager
def open_world(port: int) -> Iterator[World]:
    """Start everything; all of it ends with the block."""
    with TemporaryDirectory(prefix="masthead-demo-") as folder, ExitStack() as running:
        world = World(port, Path(folder), running)
        world.start_masthead()
        world.start_comments()
        world.start_newsletter()
        world.start_magazine()
        for port in (world.masthead, world.comments, world.newsletter, world.magazine):
            world.wait_for(f"http://127.0.0.1:{port}/")
        world.start_front()
        world.wait_for(f"{world.url}/login")
        yield world
        os.chdir(ROOT)


def _end_with_parent() -> None:
    """Let Linux end this process when we are killed and cannot."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _flask(app: str, port: int) -> list[str | Path]:
    return [TOOLS / "flask", "--app", app, "run", "--port", str(port)]


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=5, trust_env=False).status_code < 500
    except httpx2.TransportError:
        return False
