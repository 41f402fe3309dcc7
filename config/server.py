"""The production web server: Granian with our limits, and a stop that loses no request.

`python -m config.server` is what `make serve`, `make run` and the image start. It reads `HOST`, `PORT`,
`WEB_CONCURRENCY`, `CORE_PER_PROCESS`, `DRAIN_SECONDS` and `SILENT_SECONDS`; everything about the service itself is
`AUTH_*`.

SIGTERM drains for `DRAIN_SECONDS` (see `config.drain`), then answers what is in flight and ends. SIGINT
(Ctrl-C) and a second SIGTERM skip the drain.
"""

import ctypes
import gc
import importlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import MPServer, WorkerProcess

from config import cores, counters, slow_clients
from config.drain import DRAIN_SIGNAL, DrainingApp

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 512
"""Per process, started as they are needed. Who waits for a hash, or sends a body byte by byte, holds one."""

CONNECTIONS = 1024
"""Per process, idle keep-alive ones included: they are what Granian's back-pressure counts."""

HEADER_SECONDS = 10
"""To send a whole request head, and to sit idle between two requests."""

HEAD_BYTES = 64 * 1024
"""The longest request head; a longer one is answered 431."""

SILENT_SECONDS = 20
"""Without an answer on a connection before it is closed: nothing takes that long but a client that dawdles."""

KILL_AFTER = 25
"""Seconds a process may need to answer what it holds before it is killed; with the drain less than 30."""


class DrainingServer(MPServer):
    """Granian that tells its workers to drain before it stops them."""

    core_of_worker: Sequence[int] = ()
    drain_seconds = 0.0
    draining = False

    def _spawn_worker(self, idx: int, *arguments: Any, **named: Any) -> WorkerProcess:
        """Prepare a process that finds its core in its environment."""
        if self.core_of_worker:
            os.environ[cores.WEB_CORE] = str(self.core_of_worker[idx])
        return super()._spawn_worker(idx, *arguments, **named)

    def signal_handler_interrupt(self, signum: int = signal.SIGINT, frame: FrameType | None = None) -> None:
        """Stop: at once for SIGINT or the second time, after the drain for SIGTERM."""
        if self.draining or signum != signal.SIGTERM or not self.drain_seconds:
            super().signal_handler_interrupt(signum, frame)
            return
        self.draining = True
        self.respawn_failed_workers = False
        for worker in self.wrks:
            os.kill(worker.inner.pid, DRAIN_SIGNAL)
        timer = threading.Timer(self.drain_seconds, super().signal_handler_interrupt)
        timer.daemon = True
        timer.start()

    def shutdown(self, exit_code: int = 0) -> None:
        """End; a worker that was asked to stop together with us (a signal to the whole group) has not failed."""
        if self.draining:
            self.interrupt_children.clear()
        super().shutdown(exit_code)


def load_app() -> "WSGIApplication":
    """Build the application inside a worker, ready to drain."""
    end_with_parent()
    with loading():
        app: WSGIApplication = importlib.import_module("wsgi").app
    cores.keep()
    draining_app = DrainingApp(app, drain_seconds())
    signal.signal(DRAIN_SIGNAL, draining_app.drain)
    slow_clients.watch(port(), silent_seconds())
    counters.forget_ended()
    return draining_app


@contextmanager
def loading() -> Iterator[None]:
    """Keep the collector of cycles away from what is loaded now: it stays, and looking through it takes 150 ms.

    With every thread waiting: that would be the slowest answer of all.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def end_with_parent() -> None:
    """Have Linux send this worker SIGTERM when its parent is killed; it would go on serving, out of reach.

    The kernel tells of deaths to come only: a parent that died while this worker was starting is looked for.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid != os.getppid():
        sys.exit("The server has ended while this process was starting.")


def refuse_taken_port(host: str, port: int) -> None:
    """End with a sentence where another server listens. In production sharing is wanted: new before old ends."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sys.exit(
                f"Cannot listen on {host}:{port} ({error.strerror}): stop what does, or choose another PORT."
            )


def drain_seconds() -> float:
    """Read `DRAIN_SECONDS`; the default suits a balancer that looks at `/readyz` every second."""
    return float(os.environ.get("DRAIN_SECONDS") or 2)


def silent_seconds() -> float:
    """Read `SILENT_SECONDS`."""
    return float(os.environ.get("SILENT_SECONDS") or SILENT_SECONDS)


def port() -> int:
    """Read `PORT`."""
    return int(os.environ.get("PORT") or 8000)


def worker_count() -> int:
    """Read `WEB_CONCURRENCY`; by default a process per core, or one where throttles are counted in memory."""
    if chosen := os.environ.get("WEB_CONCURRENCY"):
        return int(chosen)
    shared_throttles = os.environ.get("AUTH_REDIS_URL") or os.environ.get("AUTH_REDIS_URL_FILE")
    return cores.count() if shared_throttles else 1


def main() -> None:
    """Serve until told to stop."""
    workers = worker_count()
    os.environ["WEB_CONCURRENCY"] = str(workers)
    counters.share(workers)
    host = os.environ.get("HOST") or "127.0.0.1"
    if os.environ.get("AUTH_ENV") == "development":
        refuse_taken_port(host, port())
    logging.getLogger("_granian").addFilter(lambda record: "Python threads" not in record.getMessage())
    server = DrainingServer(
        "config.server:load_app",
        factory=True,
        address=host,
        port=port(),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEAD_BYTES),
        websockets=False,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        backlog=CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_AFTER,
        log_access=False,
    )
    os.environ.pop(cores.WEB_CORE, None)  # ours to give
    server.core_of_worker = cores.of_processes(workers)
    server.drain_seconds = drain_seconds()
    server.serve()


if __name__ == "__main__":
    main()
