"""Hang up on clients that take their time over a request's body, so that they hold nothing for long.

Granian bounds the time for a request's head and for an idle connection, not for a body
(https://github.com/emmett-framework/granian/issues/728). The kernel knows what Granian does not tell: how long
nothing has been sent on a connection. Idle ones are closed earlier, and no answer of ours takes that long, so
what has been silent for `seconds` waits for a body that does not come, or for a reader that does not read.
"""

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LOOK_EVERY = 1.0  # seconds
LAST_DATA_SENT = 44  # where struct tcp_info (linux/tcp.h) has tcpi_last_data_sent: u32, milliseconds


def watch(port: int, seconds: float) -> None:
    """Look at this process's connections on `port` from now on. Elsewhere than on Linux nothing happens."""
    if sys.platform == "linux":
        threading.Thread(target=_look, args=(port, seconds), name="slow clients", daemon=True).start()


def hang_up(port: int, seconds: float) -> int:
    """End every connection on `port` on which nothing has been sent for so long; return how many."""
    ended = 0
    for connection in sockets():
        with connection, suppress(OSError):
            if serves(connection, port) and silent_for(connection) > seconds:
                connection.shutdown(socket.SHUT_RDWR)
                ended += 1
    return ended


def serves(connection: socket.socket, port: int) -> bool:
    """Whether a socket is a client's connection to our own port."""
    if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
        return False
    listens = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return not listens and bool(connection.getsockname()[1] == port)


def silent_for(connection: socket.socket) -> float:
    """Seconds since this side last sent data, or since the connection was made."""
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA_SENT + 4)
    milliseconds: int = struct.unpack_from("=I", told, LAST_DATA_SENT)[0]
    return milliseconds / 1000


def sockets() -> Iterator[socket.socket]:
    """Duplicates of all sockets of this process, Granian's own included; who takes one closes it."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if str(descriptor.readlink()).startswith("socket:"):
                yield socket.socket(fileno=os.dup(int(descriptor.name)))


def _look(port: int, seconds: float) -> None:
    while True:
        time.sleep(LOOK_EVERY)
        hang_up(port, seconds)
