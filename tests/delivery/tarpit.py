"""A mail server that never stops answering: a byte at a time, or without end."""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self


class TarPit:
    """`with TarPit("rcpt") as pit:` speaks SMTP up to a stage and then trickles, a byte every `pause` seconds.

    With `flood` it answers lines without end, as fast as they are taken.
    """

    def __init__(self, stage: str, *, pause: float = 0.05, flood: bool = False) -> None:
        self.stage, self.pause, self.flood = stage, pause, flood
        self.commands: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = True

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while self._open:
                peer, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer, peer.makefile("rb") as lines:
            self._answer(peer, "connect", "220 pit")
            for line in lines:
                words = line.decode().split(":")[0].split()
                command = words[0].lower()
                self.commands.append(command)
                self._answer(peer, command, "354 go on" if command == "data" else "250 fine")
                if command == "data":
                    for text in lines:
                        if text == b".\r\n":
                            break
                    self._answer(peer, "message", "250 kept")

    def _answer(self, peer: socket.socket, stage: str, answer: str) -> None:
        if stage != self.stage:
            peer.sendall(f"{answer}\r\n".encode())
        while stage == self.stage and self._open:
            if self.flood:
                peer.sendall(f"{answer[:3]}-{answer[4:]}\r\n".encode() * 100)
            else:
                peer.sendall(b"2")
                time.sleep(self.pause)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._listener.close()
