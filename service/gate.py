"""A thin gate in front of Flask for what other services ask on every page view.

It answers a few GETs for a live session by itself and hands everything else on: other paths, calls from pages
(they need CORS), requests that bring their own id, sessions that are over, and those whose last use is to be
noted. Nothing is cached.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from service.core.errors import Unavailable
from service.core.forward_auth import identity, lets_in
from service.core.ports import Clock, Store
from service.core.session_check import SessionCheck
from service.core.tracing import Tracing
from service.core.values import digest
from service.flows.sessions import Sessions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SESSION_PATH = "/api/v1/session"

Header = tuple[str, str]


@dataclass(frozen=True)
class Answer:
    """What the gate says at one path: `headers` to everybody, and what `tell` makes of the session and the query.

    `tell` returns further headers and the body, or None for what Flask should look at.
    """

    headers: Sequence[Header]
    tell: Callable[[SessionCheck, str], tuple[Sequence[Header], bytes] | None]


class Gate:
    """A WSGI middleware. `cookie` is the session cookie's name, `answers` are by path; `tracing` hears of each."""

    def __init__(
        self,
        behind: "WSGIApplication",
        store: Store,
        sessions: Sessions,
        clock: Clock,
        *,
        cookie: str,
        answers: Mapping[str, Answer],
        tracing: Tracing | None = None,
    ) -> None:
        self._behind = behind
        self._store = store
        self._sessions = sessions
        self._clock = clock
        self._prefix = f"{cookie}="
        self._answers = answers
        self._tracing = tracing

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer = self._answers.get(environ["PATH_INFO"])
        if answer is not None and environ["REQUEST_METHOD"] == "GET":
            since = time.time_ns() if self._tracing else 0
            found = self._find(environ)
            told = found and answer.tell(found, environ.get("QUERY_STRING", ""))
            if told:
                headers, body = told
                request_id = secrets.token_hex(16)
                of_this_answer = [("X-Request-Id", request_id), ("Content-Length", str(len(body)))]
                start_response("200 OK", [*answer.headers, *headers, *of_this_answer])
                if self._tracing:
                    span = self._tracing.request("GET", environ.get("HTTP_TRACEPARENT", ""), since)
                    span.end(environ["PATH_INFO"], 200, request_id)
                return [body]
        return self._behind(environ, start_response)

    def _find(self, environ: "WSGIEnvironment") -> SessionCheck | None:
        """Return the live session of a plain call, None for anything that Flask should look at."""
        if "HTTP_ORIGIN" in environ or "HTTP_X_REQUEST_ID" in environ:
            return None
        pairs = environ.get("HTTP_COOKIE", "").split("; ")
        secrets = [pair[len(self._prefix) :] for pair in pairs if pair.startswith(self._prefix)]
        if len(secrets) != 1:
            return None
        now = self._clock()
        try:
            found = self._store.session_check(digest(secrets[0]), now)
        except Unavailable:
            return None
        if found is None or self._sessions.touch_due(found.session.last_seen_at, now):
            return None
        return found


def tell_a_proxy(found: SessionCheck, query: str) -> tuple[Sequence[Header], bytes] | None:
    """Say who the visitor is, if the roles asked for let them in."""
    asked = parse_qsl(query, keep_blank_values=True) if query else []
    if any(name != "role" for name, _ in asked) or not lets_in(found.user, [role for _, role in asked]):
        return None
    return identity(found.user), b""
