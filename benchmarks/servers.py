"""The servers that are compared, each one web process with the service's own limits."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import get
from config import cores
from config.server import CONNECTIONS, THREADS
from tests.support.environment import process_environment
from tests.support.processes import end_group, free_port

ROOT = Path(__file__).parents[1]
LONGEST_START = 30.0  # seconds


@dataclass(frozen=True)
class Server:
    """A server that answers. `first_answer` is the seconds it took from its start to its first answer."""

    port: int
    first_answer: float
    process: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def memory(self) -> float:
        """What its worker holds, in MiB: resident pages, shared ones counted in full. 0 where /proc is missing."""
        worker = next(iter(children(self.process.pid)), self.process.pid)
        with suppress(OSError):
            for line in Path(f"/proc/{worker}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) / 1024
        return 0.0


def children(pid: int) -> list[int]:
    """The processes a process has started and that still run; Granian's supervisor starts its worker."""
    with suppress(OSError):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [
            int(child) for child in found if b"tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
    return []


@contextmanager
def service(settings: Mapping[str, str]) -> Iterator[Server]:
    """The service, started the way `make serve` does."""
    port = free_port()
    variables = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1", "DRAIN_SECONDS": "0"}
    with _running([sys.executable, "-m", "config.server"], port, {**settings, **variables}) as server:
        yield server


@contextmanager
def bare(name: str, database_url: str) -> Iterator[Server]:
    """`sketch` or `flask_app` of `benchmarks.bare`."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--workers", "1", "--no-ws", "--http", "1", "--no-log"]
    command += ["--blocking-threads", str(THREADS), "--backpressure", str(CONNECTIONS)]
    variables = {"BENCH_DATABASE": database_url}
    if chosen := cores.of_processes(1):
        variables[cores.WEB_CORE] = str(chosen[0])
    with _running([*command, f"benchmarks.bare:{name}"], port, variables) as server:
        yield server


@contextmanager
def _running(command: Sequence[str], port: int, variables: dict[str, str]) -> Iterator[Server]:
    with tempfile.TemporaryFile() as log:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_with_bytecode(process_environment(variables)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            if not _answers(port, process, begin + LONGEST_START):
                log.seek(0)
                raise RuntimeError(f"{command} did not answer:\n{log.read().decode(errors='replace')}")
            yield Server(port, time.perf_counter() - begin, process)
        finally:
            _end(process)


def _with_bytecode(environment: dict[str, str]) -> dict[str, str]:
    """Let Python keep what it compiles, as an installed service does; only the first start pays for it."""
    kept = {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / f"masthead-bytecode-{os.getuid()}"),
    }


def _answers(port: int, process: "subprocess.Popen[bytes]", deadline: float) -> bool:
    """Ask until somebody answers, whatever they say."""
    while time.perf_counter() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(get("/healthz"))
            if connection.recv(64):
                return True
        time.sleep(0.005)
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.kill(process.pid, signal.SIGINT)
        process.wait(5)
    end_group(process)
