"""Processes of the tests: a port for each, and an end for each by its own handle."""

import contextlib
import os
import signal
import socket
import subprocess


def free_port() -> int:
    """A loopback port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads its own session, with all it started. Without effect on one that ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
