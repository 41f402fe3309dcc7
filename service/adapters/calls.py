"""Calls to others, within bounds: who is slow, broken or hostile costs a few threads a few seconds, no more."""

import ssl
import threading
import time
from collections.abc import Container
from functools import cache
from types import TracebackType
from typing import Any

import httpx2

LONGEST_ANSWER = 64 * 1024  # bytes
LONGEST_CALL = 3.0  # seconds, from the first byte of the answer's head to its last
AT_ONCE = 4  # calls; the other threads of the process belong to readers who sign in another way
TIMEOUT = httpx2.Timeout(2.0)


class TooMuch(httpx2.TransportError):
    """An answer that is too long, too slow, compressed, or one call more than we make at once."""


class BoundedTransport(httpx2.BaseTransport):
    """Bound another transport in size, time and number of calls. Redirects are left to the caller, who follows none."""

    def __init__(self, inner: httpx2.BaseTransport, at_once: int = AT_ONCE) -> None:
        self._inner = inner
        self._slots = threading.BoundedSemaphore(at_once)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Make the call and read all of the answer."""
        request.headers["Accept-Encoding"] = "identity"
        if not self._slots.acquire(blocking=False):
            raise TooMuch("busy")
        try:
            deadline = time.monotonic() + LONGEST_CALL
            answer = self._inner.handle_request(request)
            try:
                return httpx2.Response(
                    answer.status_code, headers=answer.headers, content=_read(answer, deadline)
                )
            finally:
                answer.close()
        finally:
            self._slots.release()

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Stay open: one transport serves many clients."""


def open_transport(at_once: int = AT_ONCE) -> BoundedTransport:
    """Return a transport with certificates checked and connections kept."""
    return BoundedTransport(httpx2.HTTPTransport(verify=trusted(), retries=0), at_once)


@cache
def trusted() -> ssl.SSLContext:
    """Return the certificates that calls trust; they are read once a process, which takes 20 ms."""
    return httpx2.create_ssl_context()


def json_object(answer: httpx2.Response, statuses: Container[int] = (200,)) -> dict[str, Any]:
    """Return the JSON object of an answer. Raises `ValueError` for anything else, and for another status."""
    if answer.status_code not in statuses:
        raise ValueError(f"status {answer.status_code}")
    try:
        document = answer.json()
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(document, dict):
        raise ValueError("no JSON object")
    return document


def _read(answer: httpx2.Response, deadline: float) -> bytes:
    if "Content-Encoding" in answer.headers:
        raise TooMuch("compressed")
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > LONGEST_ANSWER or time.monotonic() > deadline:
            raise TooMuch("too long or too slow")
    return bytes(body)
