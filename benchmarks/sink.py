"""A mail server that keeps nothing: the least a letter can meet. `python -m benchmarks.sink PORT`.

Enough of SMTP for letters over kept connections, a thread each, in a process of its own.
"""

import socket
import sys
import threading
from contextlib import suppress


def serve(port: int) -> None:
    """Take letters until the process ends."""
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        while True:
            peer, _ = listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_converse, args=(peer,), daemon=True).start()


def _converse(peer: socket.socket) -> None:
    with suppress(OSError), peer, peer.makefile("rb", buffering=64 * 1024) as lines:
        peer.sendall(b"220 sink\r\n")
        for line in lines:
            command = line[:4].upper()
            if command == b"DATA":
                peer.sendall(b"354 go on\r\n")
                while (text := lines.readline()) not in (b".\r\n", b""):
                    del text
                peer.sendall(b"250 2.0.0 Ok: queued as 1\r\n")
            elif command == b"QUIT":
                peer.sendall(b"221 bye\r\n")
                return
            else:
                peer.sendall(b"250 sink\r\n")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
