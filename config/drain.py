"""How a web process stops without losing a request: readiness turns red, connections close, newcomers wait.

On SIGTERM the parent (`config.server`) sends every worker DRAIN_SIGNAL and lets them go on for a moment:
`/readyz` answers 503 and every answer closes its connection, so that load balancers and keep-alive clients
move to another instance. Then new connections are turned away, and only then the sockets are closed.
"""

import ctypes
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from config.slow_clients import sockets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DRAIN_SIGNAL = signal.SIGURG
"""From the parent to its workers. Ignored by default, so it is safe before a worker listens for it."""

LAST_ACCEPTS = 0.25
"""Seconds between turning newcomers away and closing, for those already in the accept queue."""

NOT_READY = (
    b'{"type":"about:blank","title":"Service Unavailable","status":503,"code":"unavailable",'
    b'"detail":"This instance is shutting down."}'
)


class DrainingApp:
    """The WSGI application plus the drain; outside a drain it costs one attribute look-up a request."""

    def __init__(self, app: "WSGIApplication", seconds: float) -> None:
        self.app = app
        self.seconds = seconds
        self.draining = False

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not self.draining:
            return self.app(environ, start_response)

        def start_closing(
            status: str, headers: list[tuple[str, str]], *rest: Any
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, ("Connection", "close")], *rest)

        if environ["PATH_INFO"] != "/readyz":
            return self.app(environ, start_closing)
        start_closing(
            "503 Service Unavailable",
            [
                ("Content-Type", "application/problem+json"),
                ("Cache-Control", "no-store"),
                ("Retry-After", "1"),
            ],
        )
        return [NOT_READY]

    def drain(self, _signal: int, _frame: FrameType | None) -> None:
        """Begin to drain, and turn newcomers away just before the parent closes the sockets."""
        self.draining = True
        timer = threading.Timer(max(0.0, self.seconds - LAST_ACCEPTS), turn_newcomers_away)
        timer.daemon = True
        timer.start()


def turn_newcomers_away() -> None:
    """Drop new handshakes at this process's listening sockets, so that closing them resets nobody.

    Closing a listening socket resets everyone in its accept queue, request already sent. A socket filter keeps
    newcomers out of the queue; they try again a second later, at another instance or at a closed port.
    Where the system has no such filters the last milliseconds before closing stay as they are.
    """
    load_flags, keep_syn_ack, is_syn = (0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02)
    drop, keep = (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)
    steps = [load_flags, keep_syn_ack, is_syn, drop, keep]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    socket_filter = struct.pack("HP", len(steps), ctypes.addressof(program))
    so_attach_filter = 26
    with suppress(OSError):
        for listener in listening_sockets():
            with listener:
                listener.setsockopt(socket.SOL_SOCKET, so_attach_filter, socket_filter)


def listening_sockets() -> list[socket.socket]:
    """Duplicates of every listening socket of this process; Granian keeps its own out of Python's reach."""
    found = []
    for candidate in sockets():
        if candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            found.append(candidate)
        else:
            candidate.close()
    return found
