"""Requests that two programs could read differently, byte by byte at the real server (RFC 9112, sections 2.2, 6.3)."""

import re
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.support.live import LiveService

SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
CLOSE = b"\r\nConnection: close\r\n\r\n"
ASK = b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
REFUSED = {
    "two lengths": ASK + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "a list of lengths": ASK + b"Content-Length: 2, 40\r\n\r\n{}",
    "a signed length": ASK + b"Content-Length: +2\r\n\r\n{}",
    "an unknown coding": ASK + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": ASK + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": ASK.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded header": ASK + b"X-Long: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a space before the colon": ASK + b"Content-Length : 2\r\n\r\n{}",
    "a bare CR": ASK + b"X-Odd: a\rContent-Length: 2\r\n\r\n{}",
    "a NUL": ASK + b"X-Odd: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
}
READ_ONE_WAY = {
    "length and chunks": ASK + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": ASK + b"Transfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n0\r\n\r\n",
}
ENDLESS = {
    "path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n",
    "cookies": b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"Cookie: a=b\r\n" * 20_000 + b"\r\n",
}


def statuses(port: int, sent: bytes) -> list[int]:
    """Send bytes; return the statuses of all answers until the server closes the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection, suppress(ConnectionError):
        connection.sendall(sent)
        while more := connection.recv(65536):
            received += more
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]


@pytest.mark.case("WEB-14", "DOS-09")
def test_what_could_be_read_in_two_ways_or_never_ends_ends_the_connection(
    live: Callable[..., LiveService], sqlite_url: str
) -> None:
    port = live(sqlite_url).port
    for name, sent in REFUSED.items():
        assert statuses(port, sent + SMUGGLED) == [400], name
    for name, sent in READ_ONE_WAY.items():
        answers = statuses(port, sent + SMUGGLED)
        assert len(answers) == 1, name
        assert answers[0] in (400, 422), name
    for name, head in ENDLESS.items():
        assert statuses(port, head.replace(b"\r\n\r\n", CLOSE)) in ([], [400], [414], [431]), name
    assert statuses(port, SMUGGLED.replace(b"\r\n\r\n", CLOSE)) == [200]
