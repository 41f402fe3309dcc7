"""The load: prebuilt requests over kept connections, from a process of its own.

One thread waits for whichever connection has an answer, notes the time, and sends the next request. That
is two system calls and a few microseconds of Python a request, about a quarter of what the cheapest of the
servers here spends, and no library. It asks nothing that is not on the loopback interface.
"""

import selectors
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter

LONGEST_SILENCE = 20.0  # seconds


@dataclass(frozen=True)
class Burst:
    """Send `requests`, over and over, for `seconds`; every answer must have the status `expect`, or be a 503."""

    port: int
    requests: Sequence[bytes] = field(repr=False)
    seconds: float
    connections: int = 16
    expect: int = 200


@dataclass(frozen=True)
class Outcome:
    """How long each answer within the burst took, in seconds, and how many requests were refused with a 503."""

    seconds: float
    latencies: Sequence[float] = field(repr=False)
    refused: int

    @property
    def answers(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


class UnexpectedAnswer(Exception):
    """A server said something else than the benchmark asked for, so its rate would mean nothing."""


class Caller:
    """One connection with at most one request under way."""

    def __init__(self, burst: Burst, open_sockets: ExitStack) -> None:
        connection = socket.create_connection(("127.0.0.1", burst.port), timeout=LONGEST_SILENCE)
        self.socket = open_sockets.enter_context(connection)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.refused = False
        self._status = b"HTTP/1.1 %d " % burst.expect
        self.body = b""
        self._received = b""
        self._sent_at = 0.0

    def send(self, request: bytes) -> None:
        self._sent_at = perf_counter()
        self.socket.sendall(request)

    def receive(self) -> float | None:
        """Take what has come; return the answer's latency once it is whole."""
        arrived = self.socket.recv(65536)
        answer = self._received + arrived
        self.refused = answer.startswith(b"HTTP/1.1 503 ")
        if not arrived or not (answer.startswith(self._status) or self.refused):
            raise UnexpectedAnswer(answer.decode(errors="replace")[:400] or "the connection was closed")
        if len(answer) < length_of(answer):
            self._received = answer
            return None
        self._received, self.body = b"", answer.partition(b"\r\n\r\n")[2]
        return perf_counter() - self._sent_at


def length_of(answer: bytes) -> int:
    """Return how long an HTTP answer is, head and body; one byte more than there is while the head is not whole."""
    head, end, _ = answer.partition(b"\r\n\r\n")
    if not end:
        return len(answer) + 1
    _, named, rest = head.lower().partition(b"content-length: ")
    return len(head) + len(end) + (int(rest.split(b"\r", 1)[0]) if named else 0)


def run(burst: Burst) -> Outcome:
    """Send one burst. Raises `UnexpectedAnswer`; the answers still under way at its end are awaited, not counted."""
    with ExitStack() as open_sockets, selectors.DefaultSelector() as selector:
        requests = cycle(burst.requests)
        callers = [Caller(burst, open_sockets) for _ in range(burst.connections)]
        end = perf_counter() + burst.seconds
        for caller in callers:
            selector.register(caller.socket, selectors.EVENT_READ, caller)
            caller.send(next(requests))
        answers = list(_converse(selector, requests, end, under_way=len(callers)))
    latencies = [latency for latency, refused in answers if not refused]
    return Outcome(burst.seconds, latencies, len(answers) - len(latencies))


def _converse(
    selector: selectors.BaseSelector, requests: Iterator[bytes], end: float, *, under_way: int
) -> Iterator[tuple[float, bool]]:
    while under_way:
        ready = selector.select(LONGEST_SILENCE)
        if not ready:
            raise UnexpectedAnswer(f"no answer for {LONGEST_SILENCE} s")
        for key, _ in ready:
            latency = key.data.receive()
            if latency is None:
                continue
            if perf_counter() < end:
                yield latency, key.data.refused
                key.data.send(next(requests))
            else:
                under_way -= 1


def ask(port: int, request: bytes) -> bytes:
    """Send one request; return the body of its answer."""
    with ExitStack() as open_sockets:
        caller = Caller(Burst(port, [request], 0), open_sockets)
        caller.send(request)
        while caller.receive() is None:
            pass
        return caller.body


def get(path: str, cookie: str = "") -> bytes:
    """Build a GET."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()


def post(path: str, body: str, kind: str = "application/json", *, authorization: str = "") -> bytes:
    """Build a POST of JSON, or of a form by a client that proves itself."""
    proof = f"Authorization: {authorization}\r\n" if authorization else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{proof}Content-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
