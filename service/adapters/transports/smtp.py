"""Letters by SMTP, through Flask-Mail, over connections kept open between letters.

Flask-Mail opens its connections without time-outs and without checking certificates, builds a message in
1.7 ms and drops the server's answer; its `Connection` and `Message` are subclassed for these four. It
wants an application context, so every transport has a small Flask application that serves nothing.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from flask import Flask
from flask_mail import Connection, Mail, Message

from service.adapters.transports.message import Sign, envelope_sender, unsigned, wire_bytes
from service.adapters.transports.smtp_client import SmtpClient
from service.adapters.transports.smtp_errors import NeedsOperator, Trouble, classify
from service.adapters.transports.smtp_url import Protection, SmtpServer
from service.core.mail import OutgoingMail

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = timedelta(seconds=5)
LETTER_TIMEOUT = timedelta(seconds=30)
GOODBYE_TIMEOUT = 2.0  # seconds
MOST_LETTERS = 100  # a connection, as Postfix's default has it
LONGEST_IDLE = 60.0  # seconds
LETTER_REFUSED = (SMTPRecipientsRefused, SMTPDataError)


class ReadyMessage(Message):
    """A Flask-Mail message whose bytes are made already."""

    def __init__(self, mail: OutgoingMail, sign: Sign) -> None:
        # Not Message.__init__: it asks DNS for the host's name, to make a Message-ID that we have.
        self.ready = wire_bytes(mail, sign)
        self.envelope_sender = envelope_sender(mail)
        self.recipients = [mail.to]
        self.sender = mail.sender
        self.subject = mail.subject
        self.reply_to = mail.reply_to
        self.body, self.alts = mail.text, {"html": mail.html}
        self.date = mail.date.timestamp()
        self.msgId = mail.message_id
        self.charset, self.extra_headers = None, None
        self.cc, self.bcc, self.attachments = [], [], []
        self.mail_options, self.rcpt_options = [], []

    def as_bytes(self) -> bytes:
        return self.ready

    def as_string(self) -> str:
        return self.ready.decode("ascii")


class KeptConnection(Connection):
    """A Flask-Mail connection that is protected, bounded and open until it is left."""

    def __init__(self, mail: Mail, connect: Callable[[], SmtpClient]) -> None:
        super().__init__(mail)
        self._connect = connect
        self.client = self.host = self.configure_host()
        self.used_at = time.monotonic()
        self.letters = 0

    def configure_host(self) -> SmtpClient:
        return self._connect()

    @property
    def fresh(self) -> bool:
        return self.letters < MOST_LETTERS and time.monotonic() - self.used_at < LONGEST_IDLE

    def leave(self) -> None:
        self.client.leave(time.monotonic() + GOODBYE_TIMEOUT)


class SmtpTransport:
    """Hand letters to one mail server. As many connections are open as threads sent at the same time."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        connect_timeout: timedelta = CONNECT_TIMEOUT,
        letter_timeout: timedelta = LETTER_TIMEOUT,
        sign: Sign = unsigned,
    ) -> None:
        """`letter_timeout` bounds everything one letter may take: connecting, signing in, the last answer."""
        self.server = server
        self._sign = sign
        self._context = server.tls_context()
        self._connect_timeout = connect_timeout.total_seconds()
        self._letter_timeout = letter_timeout.total_seconds()
        self._idle: deque[KeptConnection] = deque()
        self._app = Flask(__name__, static_folder=None)
        self._app.config.update(
            MAIL_SERVER=server.host,
            MAIL_PORT=server.port,
            MAIL_USE_TLS=server.protection is Protection.STARTTLS,
            MAIL_USE_SSL=server.protection is Protection.IMPLICIT,
        )
        self._mail = Mail(self._app)

    def __repr__(self) -> str:
        return f"SmtpTransport({self.server})"

    def send(self, mail: OutgoingMail) -> str:
        """Hand the letter over; return the server's answer and which server it was.

        A kept connection found dead before DATA is replaced once; after DATA nothing is tried again here.
        Raises `TransportTrouble` or `DeliveryRefused`.
        """
        message = ReadyMessage(mail, self._sign)
        deadline = time.monotonic() + self._letter_timeout
        kept = self._take()
        if kept is not None:
            kept.client.begin(deadline)
            try:
                return self._hand_over(kept, message)
            except (SMTPException, OSError) as error:
                if kept.client.connected or kept.client.data_begun:
                    raise self._trouble(error, kept) from error
        connection = self._open(deadline)
        try:
            return self._hand_over(connection, message)
        except (SMTPException, OSError) as error:
            raise self._trouble(error, connection) from error

    def check(self) -> None:
        """Connect and sign in, as for a letter. Raises `TransportTrouble`."""
        self._open(time.monotonic() + self._letter_timeout).leave()

    def close(self) -> None:
        """End the connections nobody is sending on; the next letter opens a new one."""
        with suppress(IndexError):
            while True:
                self._idle.pop().leave()

    def _hand_over(self, connection: KeptConnection, message: ReadyMessage) -> str:
        connection.letters += 1
        with self._app.app_context():
            connection.send(message, envelope_from=message.envelope_sender)
        answer = connection.client.answer
        self._give_back(connection)
        return f"{answer} ({self.server})"

    def _open(self, deadline: float) -> KeptConnection:
        connect = partial(
            SmtpClient, self.server, self._context, connect_timeout=self._connect_timeout, deadline=deadline
        )
        try:
            return KeptConnection(self._mail, connect)
        except (SMTPException, OSError, ValueError) as error:
            raise self._trouble(error, None) from error

    def _take(self) -> KeptConnection | None:
        with suppress(IndexError):  # the deque is shared: empty is what pop says
            while True:
                connection = self._idle.pop()
                if connection.fresh:
                    return connection
                connection.leave()
        return None

    def _give_back(self, connection: KeptConnection) -> None:
        connection.used_at = time.monotonic()
        if connection.fresh:
            self._idle.append(connection)
        else:
            connection.leave()

    def _trouble(self, error: Exception, connection: KeptConnection | None) -> Trouble:
        """Say what became of the letter. After a refusal smtplib said RSET: the connection is in order."""
        client = connection.client if connection else None
        trouble = classify(error, client)
        if connection is not None and client is not None:
            if client.connected and not client.unanswered and isinstance(error, LETTER_REFUSED):
                self._give_back(connection)
            else:
                client.close()
        if isinstance(trouble, NeedsOperator):
            extra = {"event": "mail.server_refuses", "server": str(self.server), "answer": trouble.logged}
            logger.error("the mail server refuses to work with us", extra=extra)
        trouble.answer = f"{trouble.answer} ({self.server})"
        return trouble
