"""A service that is told of accounts: verifies as the `standardwebhooks` library does, and answers as it is told.

receiver.secrets.append(secret)            # one of them has to have signed
receiver.answer(503, times=2)              # the next two calls; also drip=, body=, headers=
receiver.events                            # the bodies of what was taken, in order
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.support.people import VISIT
from tests.support.smtp import wait_until


@dataclass
class Received:
    """A call as it came in. `event` is its body where the signature was good, `status` what was answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    event: dict[str, Any] | None
    status: int = 0

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class _Answer:
    status: int
    times: int
    drip: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    when: Callable[[Received], bool] = lambda _: True
    before: Callable[[], object] = lambda: None


class WebhookReceiver:
    """`with WebhookReceiver() as receiver:` on a port of the kernel's choice."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.calls: list[Received] = []
        self._answers: list[_Answer] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self.closing = threading.Event()

    def answer(self, status: int, *, times: int = 1_000_000, **how: Any) -> None:
        """Answer the next calls, or those for which `when` holds, like that."""
        with self._lock:
            self._answers.append(_Answer(status, times, **how))

    def heal(self) -> None:
        """Take everything again."""
        with self._lock:
            self._answers.clear()

    @property
    def taken(self) -> list[Received]:
        """The calls that were verified and answered with a 2xx, in order."""
        return [call for call in list(self.calls) if call.event is not None and 200 <= call.status < 300]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [call.event for call in self.taken if call.event is not None]

    @property
    def types(self) -> list[str]:
        return [str(event["type"]) for event in self.events]

    def wait_for(self, count: int, timeout: float = 20) -> list[Received]:
        wait_until(lambda: len(self.taken) >= count, timeout, f"{count} events")
        return self.taken

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        call = Received(
            handler.path, {name.lower(): value for name, value in handler.headers.items()}, body, None
        )
        call.event = self._verified(call)
        with self._lock:
            fitting = (answer for answer in self._answers if answer.times > 0 and answer.when(call))
            chosen = next(fitting, None) or _Answer(204 if call.event else 401, 1)
            chosen.times -= 1
            call.status = chosen.status
            self.calls.append(call)
        chosen.before()
        self._reply(handler, chosen)

    def _verified(self, call: Received) -> dict[str, Any] | None:
        for secret in self.secrets:
            try:
                event: dict[str, Any] = Webhook(secret).verify(call.body, call.headers)
            except WebhookVerificationError:
                continue
            return event
        return None

    def _reply(self, handler: BaseHTTPRequestHandler, answer: _Answer) -> None:
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} So", *(f"{name}: {value}" for name, value in headers.items())]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        try:
            if answer.drip:
                for byte in head:
                    handler.wfile.write(bytes([byte]))
                    if self.closing.wait(answer.drip):
                        return
            else:
                handler.wfile.write(head)
            handler.wfile.write(answer.body)
        except OSError:
            handler.close_connection = True  # the other side had enough

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def register(service: Any, receiver: WebhookReceiver, *events: str, path: str = "") -> Any:
    """Have a service tell the receiver; return the webhook."""
    webhook, secret = service.parts.flows.webhooks.create(receiver.url + path, events, VISIT)
    receiver.secrets.append(secret)
    return webhook
