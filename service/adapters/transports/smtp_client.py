"""smtplib's client and three things more: a deadline nobody gets around, the last answer, how far we came."""

import io
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from service.adapters.transports.smtp_url import Protection, SmtpServer

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 16 * 1024  # bytes sent before the clock is looked at again
LONGEST_REPLY = 64 * 1024  # bytes, all lines of it
LONGEST_ANSWER = 300  # characters kept of it


class SmtpClient(smtplib.SMTP):
    """A connected, protected and signed-in client.

    Every wait for the server ends at `deadline` (of `time.monotonic`), whatever the server trickles out:
    a socket's own time-out starts anew with each byte. `connect_timeout` bounds each try to connect.
    """

    recipient_named = False
    """Whether RCPT was said for the letter in hand: from then on a silence may be the recipient's doing."""
    data_begun = False
    """Whether DATA was said for the letter in hand."""
    unanswered = False
    """Whether the whole text went out and nobody said what became of it (RFC 1047)."""
    answer = ""
    """What the server said last to a letter's text, its queue id as a rule."""

    def __init__(
        self, server: SmtpServer, context: ssl.SSLContext | None, *, connect_timeout: float, deadline: float
    ) -> None:
        self.deadline = deadline
        self._allowance = LONGEST_REPLY
        self._implicit = context if server.protection is Protection.IMPLICIT else None
        try:
            super().__init__(server.host, server.port, local_hostname=own_hostname(), timeout=connect_timeout)
            if server.protection is Protection.STARTTLS:
                self.starttls(context=context)
            if server.user is not None and server.password is not None:
                self.login(server.user, server.password)
        except BaseException:
            self.close()
            raise

    @property
    def connected(self) -> bool:
        return self.sock is not None

    def begin(self, deadline: float) -> None:
        """Start on a letter."""
        self.deadline = deadline
        self.recipient_named = self.data_begun = self.unanswered = False

    def leave(self, deadline: float) -> None:
        """Say goodbye if the server listens; nothing depends on it."""
        self.deadline = deadline
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):
            self.close()

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        self.recipient_named = True
        return super().rcpt(recip, options)

    def data(self, msg: bytes | str) -> tuple[int, bytes]:  # type: ignore[override]  # typeshed: any buffer
        """Hand over the text (CRLF throughout), remembering the answer smtplib's `sendmail` hides."""
        text = msg.encode("ascii") if isinstance(msg, str) else msg
        self.data_begun = True
        self.putcmd("data")
        code, reply = self.getreply()
        if code != 354:
            self._end_letter(code)
            raise smtplib.SMTPDataError(code, reply)
        self.send(re.sub(rb"(?m)^\.", b"..", text) + b".\r\n")
        self.unanswered = True
        code, reply = self.getreply()
        self.unanswered = not 200 <= code <= 599
        self.answer = readable(code, reply)
        return (250, reply) if 200 <= code <= 299 else (code, reply)

    def _end_letter(self, code: int) -> None:
        """Leave the letter in hand, as smtplib does after every refusal but that of DATA itself."""
        if code == 421:
            self.close()
        else:
            with suppress(smtplib.SMTPServerDisconnected):
                self.rset()

    def send(self, s: "bytes | str") -> None:  # type: ignore[override]  # typeshed: any buffer
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        for start in range(0, len(data), CHUNK):
            if self.sock is not None:
                self.sock.settimeout(self._time_left())
            super().send(data[start : start + CHUNK])

    def getreply(self) -> tuple[int, bytes]:
        self._allowance = LONGEST_REPLY
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_TimelyReader(self))
        return super().getreply()

    def rset(self) -> tuple[int, bytes]:
        """Forget the letter in hand; a connection that cannot is closed."""
        code, reply = super().rset()
        if code != 250:
            self.close()
        return code, reply

    def receive(self, buffer: "WriteableBuffer") -> int:
        """Read what is there, within the deadline and the size of one reply."""
        if self.sock is None:
            return 0
        self.sock.settimeout(self._time_left())
        count = self.sock.recv_into(buffer)
        self._allowance -= count
        if self._allowance < 0:
            raise OSError("endless reply")
        return count

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = self._connect_to_one(host, port, timeout)
        if self._implicit is None:
            return sock
        try:
            return self._implicit.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise

    def _connect_to_one(self, host: str, port: int, timeout: float) -> socket.socket:
        trouble: OSError | None = None
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                # the host's name was resolved above, so this waits for one address only
                sock = socket.create_connection((str(address[0]), port), min(timeout, self._time_left()))
            except OSError as error:
                trouble = error
                continue
            sock.settimeout(self._time_left())  # TLS handshakes keep to it as a whole
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        raise trouble or OSError("the host has no address")

    def _time_left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _TimelyReader(io.RawIOBase):
    """The socket as a stream that looks at the clock before every read."""

    def __init__(self, client: SmtpClient) -> None:
        self._client = client

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        return self._client.receive(buffer)


def readable(code: int, reply: bytes | str) -> str:
    """Return a reply as one printable line of bounded length."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join([str(code), *words])[:LONGEST_ANSWER]


@cache
def own_hostname() -> str:
    """Return what we call ourselves in EHLO; asked of DNS once, not for every connection."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
