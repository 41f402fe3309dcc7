"""Have I Been Pwned's range service on the loopback interface, honest until told otherwise.

ranges.add("correct horse", count=3)      # what it knows
ranges.fault("range", status=500)          # fail; also delay=, redirect=, body=, huge=
ranges.asked("range")[0].headers           # who asked, and how
"""

import random
import re
import threading
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from service.adapters.breach.ranges import cut
from tests.support.certificates import server_context
from tests.support.issuer_faults import FaultyEndpoints
from tests.support.processes import free_port

PADDED_TO = 800  # lines; the real one adds up to 200 more by chance


class RangeServer(FaultyEndpoints):
    """Answers `GET /range/5BAA6`, padded on request. Without a User-Agent it refuses, as the real one does."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/range/"
        self._counts: dict[str, dict[str, int]] = {}
        self._server: BaseWSGIServer | None = None
        app = Flask(__name__)
        app.add_url_rule("/range/<prefix>", "range", self._range)
        super().__init__(app)
        self._app = app
        self.add("password", count=9_545_824)

    def add(self, password: str, *, count: int = 1) -> None:
        """Let the list have a password; one counted 0 is padding."""
        prefix, suffix = cut(password)
        self._counts.setdefault(prefix, {})[suffix] = count

    def start(self, certificate: Path | None = None) -> None:
        """Listen, over TLS with a certificate; after `stop` on the same port again."""
        self.closing.clear()
        self._server = make_server(
            "127.0.0.1",
            self.port,
            self._app,
            threaded=True,
            request_handler=_QuietHandler,
            ssl_context=server_context(certificate) if certificate else None,
        )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Go away: the port refuses."""
        self.closing.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _range(self, prefix: str) -> Response:
        if not request.headers.get("User-Agent"):
            abort(403)
        if not re.fullmatch("[0-9A-Fa-f]{5}", prefix):
            return Response("The hash prefix was not in a valid format", 400, mimetype="text/plain")
        known = self._counts.get(prefix.upper(), {})
        lines = {f"{suffix}:{count}" for suffix, count in known.items()} | {_line(prefix, 3)}
        if request.headers.get("Add-Padding") == "true":
            lines |= {_line(f"{prefix}{number}", 0) for number in range(PADDED_TO - len(lines))}
        return Response("\r\n".join(sorted(lines)), mimetype="text/plain")


def _line(seed: str, count: int) -> str:
    """A hash that nobody's password has."""
    return f"{random.Random(seed).getrandbits(140):035X}:{count}"


class _QuietHandler(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Say nothing: `RangeServer.requests` has it."""
