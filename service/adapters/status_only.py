"""Calls of whose answer only the status counts: over when their time is, whatever the other side does.

Nothing behind the answer's head is read, so it may be as long, as slow and as compressed as it likes.
"""

import socket
import threading
from contextlib import suppress
from typing import Any

import httpx2

CONNECTED = "connection.connect_tcp.complete"


class StatusOnly(httpx2.BaseTransport):
    """End calls after `seconds`: the library's time-outs bound each wait, and a byte a second never times out."""

    def __init__(self, inner: httpx2.BaseTransport, seconds: float) -> None:
        self._inner, self._seconds = inner, seconds

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Make the call; return an answer without a body."""
        watch = _Watch(self._seconds)
        request.extensions = {**request.extensions, "trace": watch.trace}
        try:
            answer = self._inner.handle_request(request)
            answer.close()
        finally:
            watch.end()
        return httpx2.Response(answer.status_code)

    def __exit__(self, *_: object) -> None:
        """Stay open: one transport serves many clients."""

    def close(self) -> None:
        self._inner.close()


class _Watch:
    """Shuts the connection down when the time is over; the library then finds it closed and raises."""

    def __init__(self, seconds: float) -> None:
        self._connection: socket.socket | None = None
        self._over = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._shut_down)
        self._timer.daemon = True
        self._timer.start()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        if event == CONNECTED:
            with self._lock:
                # a copy: TLS takes the socket itself over
                self._connection = info["return_value"].get_extra_info("socket").dup()
                if self._over:  # looking the name up took all the time there was
                    self._end_it(self._connection)

    def end(self) -> None:
        self._timer.cancel()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _shut_down(self) -> None:
        with self._lock:
            self._over = True
            if self._connection is not None:
                self._end_it(self._connection)

    @staticmethod
    def _end_it(connection: socket.socket) -> None:
        with suppress(OSError):  # the other side may have been faster
            connection.shutdown(socket.SHUT_RDWR)
