"""The site behind a proxy: answers with what it was sent, and remembers it."""

import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Visit:
    """A request as it reached the site."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: str

    @property
    def identity(self) -> dict[str, list[str]]:
        """Who the visitor is, to a server that cannot tell `Remote_User` from `Remote-User`, as most cannot."""
        told: dict[str, list[str]] = {}
        for name, value in self.headers:
            variable = re.sub(r"[^A-Z0-9]", "_", name.upper())
            if variable.startswith("REMOTE"):
                told.setdefault(variable, []).append(value)
        return told

    @property
    def cookies(self) -> str:
        return "; ".join(value for name, value in self.headers if name.lower() == "cookie")


class GuardedSite:
    """`with GuardedSite() as site:`; `site.visits` are all that got through."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        visits = self.visits

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                visits.append(Visit(self.command, self.path, self.headers.items(), body))
                said = json.dumps({"page": self.path}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
