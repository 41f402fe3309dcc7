"""Clients that send a body byte by byte, or an answer's reader that does not read: others do not notice."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from config.slow_clients import hang_up
from tests.support.live import LiveService
from tests.support.smtp import wait_until

CROWD = 500
HEAD = (
    b"POST /api/v1/password/forgot HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:%d\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
)


@contextmanager
def dawdling(port: int) -> Iterator[list[socket.socket]]:
    """Hold `CROWD` connections, each of which sends a space now and then."""
    enough = threading.Event()
    with ExitStack() as kept:
        crowd = [kept.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(CROWD)]
        for one in crowd:
            one.sendall(HEAD % port)

        def drip() -> None:
            while not enough.wait(0.3):
                for one in crowd:
                    with suppress(OSError):
                        one.send(b" ")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            yield crowd
        finally:
            enough.set()
            dripping.join()


def ended(connection: socket.socket) -> bool:
    """Whether the other side has closed a connection, after an answer or without."""
    connection.settimeout(0.001)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.case("DOS-07")
def test_bodies_byte_by_byte_hold_up_nobody_and_are_cut_off(
    live: Callable[..., LiveService], sqlite_url: str
) -> None:
    service = live(sqlite_url, silent_seconds=5)
    with dawdling(service.port) as crowd, service.client() as reader:
        for _ in range(10):
            assert reader.get("/api/v1/session").status_code == 401
        answer = reader.post("/api/v1/password/forgot", json={"email": "ada@example.org"})
        assert answer.status_code == 202
        wait_until(lambda: all(ended(one) for one in crowd), timeout=40, what="all to be cut off")
        assert reader.get("/api/v1/session").status_code == 401


def test_only_silent_connections_to_our_own_port_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_server(("127.0.0.1", 0)) as others:
        port = ours.getsockname()[1]
        pairs = [
            (socket.create_connection(server.getsockname()), server.accept()[0]) for server in (ours, others)
        ]
        assert hang_up(port, seconds=60) == 0
        assert hang_up(port, seconds=-1) == 1
        assert pairs[0][0].recv(1) == b""
        pairs[1][1].sendall(b"x")
        assert pairs[1][0].recv(1) == b"x"
        for client, server in pairs:
            client.close()
            server.close()
