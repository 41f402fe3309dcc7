"""The least that answers "who is signed in?": a bare WSGI function (the sketch), and the same in a Flask view.

Both do the service's look-up, SHA-256 of the cookie and one prepared join on a kept connection, and say the
same about the reader. They have no gate, no throttles, no security headers, no request id: ceilings, not
examples. Granian starts them with the service's own limits, and like the service each keeps to a core:
`python -m granian … benchmarks.bare:sketch`.
"""

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from flask import Flask, Response, jsonify, request

from config import cores

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DATABASE = os.environ.get("BENCH_DATABASE", "")
ON_SQLITE = DATABASE.startswith("sqlite:///")
LOOK_UP = """
    SELECT users.id, users.email, users.email_verified_at, users.name, users.locale, users.roles,
           users.password_hash IS NOT NULL, users.created_at,
           sessions.id, sessions.created_at, sessions.expires_at, sessions.auth_time, sessions.amr
    FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE sessions.secret_hash = %s AND sessions.idle_until > %s
          AND sessions.epoch = users.credential_epoch AND users.disabled_at IS NULL
"""
SQL = LOOK_UP.replace("%s", "?") if ON_SQLITE else LOOK_UP
kept = threading.local()
cores.keep()


def connection() -> Any:
    """This thread's connection."""
    if not hasattr(kept, "connection"):
        if ON_SQLITE:
            kept.connection = sqlite3.connect(DATABASE.removeprefix("sqlite:///"), isolation_level=None)
        else:
            kept.connection = psycopg.connect(DATABASE.replace("+psycopg", ""), autocommit=True)
    return kept.connection


def look_up(secret: str) -> dict[str, Any] | None:
    """Return what the service's `GET /api/v1/session` tells, in the database's own spelling."""
    now: Any = datetime.now(UTC)
    if ON_SQLITE:
        now = now.strftime("%Y-%m-%d %H:%M:%S.%f")
    row = connection().execute(SQL, (hashlib.sha256(secret.encode()).digest(), now)).fetchone()
    if row is None:
        return None
    id, email, verified_at, name, locale, roles, has_password, joined_at, *session = row
    return {
        "user": {
            "id": id,
            "email": email,
            "email_verified": verified_at is not None,
            "name": name,
            "locale": locale,
            "roles": roles,
            "has_password": bool(has_password),
            "created_at": joined_at,
        },
        "session": dict(zip(("id", "created_at", "expires_at", "auth_time", "amr"), session, strict=True)),
    }


def sketch(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """A WSGI application that knows one answer."""
    found = look_up(environ.get("HTTP_COOKIE", "").removeprefix("masthead="))
    if environ["PATH_INFO"] != "/api/v1/session" or found is None:
        start_response("401 Unauthorized", [("Content-Length", "0")])
        return []
    body = json.dumps(found, default=str).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


flask_app = Flask(__name__)


@flask_app.get("/api/v1/session")
def session() -> Response:
    found = look_up(request.cookies.get("masthead", ""))
    return Response(status=401) if found is None else jsonify(found)
