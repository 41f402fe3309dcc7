"""Style sheet, scripts and drawings: under addresses that change with their content, kept for a year, compressed.

Nothing else is compressed. A page holds the token of its form beside what a stranger can put into it, and the length
of such a page, compressed, gives the token away letter by letter (BREACH). These files are the same for everybody.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from service.core.errors import NotFound

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
DIGEST = 12  # characters of the digest in an address
mimetypes.add_type("text/javascript", ".js")  # some systems have an older name for it, or none


@dataclass(frozen=True)
class Asset:
    """A file as it is sent: plain, or compressed into the same bytes every time."""

    mimetype: str
    digest: str
    plain: bytes
    compressed: bytes


class FormsSession(SecureCookieSessionInterface):
    """The forms' signed cookie. Answers that anybody may keep depend on no cookie and set none."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not response.cache_control.public:
            super().save_session(app, session, response)


def _asset(name: str, content: bytes) -> Asset:
    return Asset(
        mimetypes.guess_type(name)[0] or "application/octet-stream",
        hashlib.sha256(content).hexdigest()[:DIGEST],
        content,
        gzip.compress(content, mtime=0),
    )


def register(app: Flask, folder: Path, written: Mapping[str, str]) -> Callable[[str], str]:
    """Serve the files of `folder` below `/static/`, and those `written` at the start in place of the ones so named.

    Returns what gives the address of a file.
    """
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    contents |= {name: text.encode() for name, text in written.items()}
    assets = {name: _asset(name, content) for name, content in contents.items()}

    def static(name: str) -> Response:
        if name not in assets:
            raise NotFound
        asset, compress = assets[name], request.accept_encodings.quality("gzip") > 0
        response = Response(asset.compressed if compress else asset.plain, mimetype=asset.mimetype)
        if compress:
            response.content_encoding = "gzip"
        response.vary.add("Accept-Encoding")
        # While a new version rolls out, an old process may be asked for a new address: that answer is not kept.
        known = request.args.get("v") == asset.digest
        response.headers["Cache-Control"] = FOREVER if known else ASK_AGAIN
        response.set_etag(f"{asset.digest}-gzip" if compress else asset.digest)
        response.make_conditional(request)
        return response

    app.session_interface = FormsSession()
    app.add_url_rule("/static/<name>", "static", static)
    return lambda name: url_for("static", name=name, v=assets[name].digest)
