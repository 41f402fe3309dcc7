"""A real SMTP server on the loopback interface that keeps every letter and fails as it is told.

smtp.fault("rcpt", "550 5.1.1 no such mailbox", recipient="gone@example.org")
smtp.fault("data", "451 4.3.0 try again later", times=2)
smtp.fault("message", drop=True)      # the connection goes after the content, before the 250
smtp.fault("accepted", drop=True)     # kept, answered 250, then the connection goes
smtp.fault("any", delay=1)            # tar-pit: every command waits
smtp.heal()
"""

import asyncio
import email
import email.policy
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.certificates import server_context
from tests.support.pages import link_in
from tests.support.processes import free_port

Stage = Literal["any", "connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "message", "accepted"]
Tls = Literal["none", "starttls", "smtps"]


@dataclass(frozen=True)
class Letter:
    """A letter that was accepted."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes

    def link(self, path: str) -> str:
        return link_in(self.message, path)


@dataclass
class Fault:
    """What goes wrong at one stage, for whom, and how many more times."""

    stage: Stage
    answer: str | None
    recipient: str | None
    times: float
    delay: float
    drop: bool

    def concerns(self, stage: Stage, recipients: list[str]) -> bool:
        here = self.stage == stage or (self.stage == "any" and stage not in ("message", "accepted"))
        return here and self.times > 0 and (self.recipient is None or self.recipient in recipients)


class SmtpSink:
    """The server. Its faults can be changed while it runs; `stop` and `start` take it away and bring it back."""

    def __init__(
        self, *, tls: Tls = "none", certificate: Path | None = None, login: tuple[str, str] | None = None
    ) -> None:
        self.tls = tls
        self.login = login
        self.port = free_port()
        self.messages: list[Letter] = []
        self.connections = 0
        self.faults: list[Fault] = []
        self._context = server_context(certificate) if certificate else None
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """What AUTH_MAIL_URLS takes."""
        login = "{}:{}@".format(*self.login) if self.login else ""
        scheme, query = (
            ("smtps" if self.tls == "smtps" else "smtp"),
            ("?tls=starttls" if self.tls == "starttls" else ""),
        )
        return f"{scheme}://{login}127.0.0.1:{self.port}{query}"

    def fault(
        self,
        stage: Stage,
        answer: str | None = None,
        *,
        recipient: str | None = None,
        times: float = float("inf"),
        delay: float = 0,
        drop: bool = False,
    ) -> None:
        """Fail at a stage: answer this, or drop the connection, after a delay; a delay alone only waits."""
        self.faults.append(Fault(stage, answer, recipient, times, delay, drop))

    def heal(self) -> None:
        """Forget all faults."""
        self.faults.clear()

    def clear(self) -> None:
        """Forget all letters."""
        self.messages.clear()

    def to(self, address: str) -> list[Letter]:
        """The letters to one address, oldest first."""
        return [letter for letter in self.messages if address in letter.recipients]

    def wait_for(self, count: int, timeout: float = 10, *, to: str | None = None) -> list[Letter]:
        """Wait until this many letters are here, and return them all; fails when the time is over."""

        def here() -> list[Letter]:
            return self.to(to) if to else self.messages

        with self._changed:
            enough = self._changed.wait_for(lambda: len(here()) >= count, timeout)
        assert enough, f"waited {timeout} s for {count} letters to {to or 'anyone'}, {len(here())} came"
        return list(here())

    def link(self, letter: Letter, path: str) -> str:
        """The first address in a letter's text whose path starts with this one."""
        return letter.link(path)

    def keep(self, envelope: Envelope) -> None:
        raw = cast("bytes", envelope.original_content)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        with self._changed:
            self.messages.append(Letter(envelope.mail_from or "", tuple(envelope.rcpt_tos), message, raw))
            self._changed.notify_all()

    def due(self, stage: Stage, recipients: list[str]) -> Fault | None:
        """The fault that strikes now, counted."""
        for fault in self.faults:
            if fault.concerns(stage, recipients):
                fault.times -= 1
                return fault
        return None

    def start(self) -> None:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop, ready), name="smtp-sink", daemon=True
        )
        self._thread.start()
        assert ready.wait(10), "the SMTP sink did not start"

    def _run(self, loop: asyncio.AbstractEventLoop, ready: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        implicit = self._context if self.tls == "smtps" else None
        server = loop.run_until_complete(
            loop.create_server(lambda: _Conversation(self, loop), "127.0.0.1", self.port, ssl=implicit)
        )
        loop.call_soon(ready.set)
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    def stop(self) -> None:
        """Go away: the port refuses, open conversations end."""
        if self._loop and self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop = self._thread = None

    def starttls_context(self) -> ssl.SSLContext | None:
        return self._context if self.tls == "starttls" else None

    def check_login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any
    ) -> AuthResult:
        right = (
            isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == self.login
        )
        return AuthResult(success=right, handled=False)


class _Conversation(SMTP):
    """One connection. Before each command it asks the sink whether something goes wrong here."""

    def __init__(self, sink: SmtpSink, loop: asyncio.AbstractEventLoop) -> None:
        self.sink = sink
        super().__init__(
            self,
            hostname="localhost",
            loop=loop,
            tls_context=sink.starttls_context(),
            authenticator=sink.check_login,
            auth_required=sink.login is not None,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )

    async def struck(self, stage: Stage, recipients: list[str] | None = None) -> bool:
        """Let a fault strike. True when it has answered, or ended the conversation, in our place."""
        fault = self.sink.due(stage, recipients or [])
        if fault is None:
            return False
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.answer:
            await self.push(fault.answer)
        if fault.drop or (fault.answer or "").startswith("421"):
            self.hang_up(at_once=fault.drop)
        return fault.answer is not None

    def hang_up(self, *, at_once: bool) -> NoReturn:
        """End the conversation; at once also throws away what is not sent yet."""
        transport = cast("asyncio.WriteTransport", self.transport)
        if at_once:
            transport.abort()
        else:
            transport.close()
        raise asyncio.CancelledError

    async def _handle_client(self) -> None:
        self.sink.connections += 1
        try:
            if not await self.struck("connect"):
                await super()._handle_client()
        except asyncio.CancelledError:
            return

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        if not await self.struck("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        if not await self.struck("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        if not await self.struck("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        if not await self.struck("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        address = re.findall(r"<([^>]*)>", arg or "")
        if not await self.struck("rcpt", address):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if not await self.struck("data", self._recipients()):
            await super().smtp_DATA(arg)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self.sink.due("message", envelope.rcpt_tos)
        if fault:
            await asyncio.sleep(fault.delay)
            if fault.drop:
                self.hang_up(at_once=True)
            if fault.answer:
                return fault.answer
        self.sink.keep(envelope)
        if self.sink.due("accepted", envelope.rcpt_tos):
            await self.push("250 OK")
            self.hang_up(at_once=False)
        return "250 OK"

    def _recipients(self) -> list[str]:
        return list(self.envelope.rcpt_tos) if self.envelope else []


def wait_until(condition: Callable[[], object], timeout: float = 10, what: str = "it") -> None:
    """Wait until a condition holds; fails when the time is over."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(0.01)
