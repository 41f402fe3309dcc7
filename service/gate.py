"""A thin gate in front of Flask for what other services ask on every page view.

It answers `GET /api/v1/session` for a live session by itself and hands everything else on: other paths,
calls from pages (they need CORS), requests that bring their own id, sessions that are over, and those whose
last use is to be noted. Nothing is cached.
"""

import secrets
from collections.abc import Callable, Iterable
from json import JSONEncoder
from typing import TYPE_CHECKING, Any

from service.core.errors import Unavailable
from service.core.ports import Clock, Store
from service.core.values import digest
from service.flows.sessions import Sessions, SignedIn

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SESSION_PATH = "/api/v1/session"
to_json = JSONEncoder(separators=(",", ":")).encode


class Gate:
    """A WSGI middleware. `cookie` is the session cookie's name, `describe` makes the contract's JSON."""

    def __init__(
        self,
        behind: "WSGIApplication",
        store: Store,
        sessions: Sessions,
        clock: Clock,
        *,
        cookie: str,
        headers: list[tuple[str, str]],
        describe: Callable[[SignedIn], dict[str, Any]],
    ) -> None:
        self._behind = behind
        self._store = store
        self._sessions = sessions
        self._clock = clock
        self._prefix = f"{cookie}="
        self._headers = [("Content-Type", "application/json"), *headers]
        self._describe = describe

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == SESSION_PATH and environ["REQUEST_METHOD"] == "GET":
            found = self._find(environ)
            if found is not None:
                return self._answer(found, start_response)
        return self._behind(environ, start_response)

    def _find(self, environ: "WSGIEnvironment") -> SignedIn | None:
        """Return the live session of a plain call, None for anything that Flask should look at."""
        if "HTTP_ORIGIN" in environ or "HTTP_X_REQUEST_ID" in environ:
            return None
        pairs = environ.get("HTTP_COOKIE", "").split("; ")
        secrets = [pair[len(self._prefix) :] for pair in pairs if pair.startswith(self._prefix)]
        if len(secrets) != 1:
            return None
        now = self._clock()
        try:
            found = self._store.signed_in(digest(secrets[0]), now)
        except Unavailable:
            return None
        if found is None or self._sessions.touch_due(found[1], now):
            return None
        return SignedIn(*found)

    def _answer(self, found: SignedIn, start_response: "StartResponse") -> Iterable[bytes]:
        body = f"{to_json(self._describe(found))}\n".encode()
        of_this_answer = [("X-Request-Id", secrets.token_hex(16)), ("Content-Length", str(len(body)))]
        start_response("200 OK", [*self._headers, *of_this_answer])
        return [body]
