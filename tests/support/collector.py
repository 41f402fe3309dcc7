"""A collector of traces that reads OTLP/HTTP in JSON as its specification has it, and keeps the spans.

collector.answer = 503         # from now on
collector.pause = 10.0         # seconds before it answers
collector.spans                # what was taken, in order
collector.received             # every byte: heads and bodies
"""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.support.smtp import wait_until

KINDS = {2: "server", 5: "consumer"}


@dataclass(frozen=True)
class Traced:
    """A span as it came in."""

    trace: str
    id: str
    parent: str
    name: str
    kind: str
    seconds: float
    facts: dict[str, str | int]
    failed: bool
    resource: dict[str, str | int]


class Collector:
    """`with Collector() as collector:` on a port of the kernel's choice; give the service `collector.url`."""

    def __init__(self) -> None:
        self.answer, self.pause = 200, 0.0
        self.spans: list[Traced] = []
        self.calls: list[str] = []
        self.received = b""
        self._lock = threading.Lock()
        self._closing = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = collector._take(self.path, str(self.headers), body)
                collector._closing.wait(collector.pause)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")
                except OSError:
                    self.close_connection = True  # the other side had enough

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Say nothing of callers that hang up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def wait_for(self, name: str, count: int = 1, timeout: float = 20) -> list[Traced]:
        """Wait for spans of that name."""
        wait_until(lambda: len(self.named(name)) >= count, timeout, f"{count} spans {name!r}")
        return self.named(name)

    def named(self, name: str) -> list[Traced]:
        with self._lock:
            return [span for span in self.spans if span.name == name]

    def _take(self, path: str, head: str, body: bytes) -> int:
        with self._lock:
            self.calls.append(path)
            self.received += f"{path}\n{head}".encode() + body
            if path != "/v1/traces" or "application/json" not in head:
                return 404
            if self.answer == 200:
                self.spans += _read(json.loads(body))
            return self.answer

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


def _read(document: dict[str, Any]) -> list[Traced]:
    return [
        Traced(
            trace=_hexadecimal(span["traceId"], 16),
            id=_hexadecimal(span["spanId"], 8),
            parent=_hexadecimal(span["parentSpanId"], 8) if "parentSpanId" in span else "",
            name=span["name"],
            kind=KINDS[span["kind"]],
            seconds=(int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e9,
            facts=_values(span["attributes"]),
            failed=span["status"].get("code", 0) == 2,
            resource=_values(resource["resource"]["attributes"]),
        )
        for resource in document["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def _hexadecimal(text: str, size: int) -> str:
    assert len(bytes.fromhex(text)) == size
    return text


def _values(attributes: list[dict[str, Any]]) -> dict[str, str | int]:
    values: dict[str, str | int] = {}
    for attribute in attributes:
        ((kind, value),) = attribute["value"].items()
        assert kind in ("stringValue", "intValue")
        values[attribute["key"]] = int(value) if kind == "intValue" else value
    return values
