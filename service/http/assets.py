"""Style sheet, scripts and drawings: under addresses that change with their content, kept for a year, compressed.

Nothing else is compressed. A page holds the token of its form beside what a stranger can put into it, and the length
of such a page, compressed, gives the token away letter by letter (BREACH). These files are the same for everybody.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from service.core.errors import NotFound

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
# For pages anywhere: these files are the same for everybody, and say nothing of anybody.
SHARED = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
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


def asset_of(name: str, content: bytes) -> Asset:
    """Return a file as it will be sent."""
    return Asset(
        mimetypes.guess_type(name)[0] or "application/octet-stream",
        hashlib.sha256(content).hexdigest()[:DIGEST],
        content,
        gzip.compress(content, mtime=0),
    )


def sent(asset: Asset, keep: str) -> Response:
    """Send a file, compressed for who can read that; `keep` says for how long."""
    compress = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.compressed if compress else asset.plain, mimetype=asset.mimetype)
    if compress:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = keep
    response.set_etag(f"{asset.digest}-gzip" if compress else asset.digest)
    response.make_conditional(request)
    return response


def register(
    app: Flask, folder: Path, written: Mapping[str, str], *, shared: Collection[str]
) -> Callable[[str], str]:
    """Serve the files of `folder` below `/static/`, and those `written` at the start in place of the ones so named.

    Pages elsewhere may load those that are `shared`. Returns what gives the address of a file.
    """
    contents = {path.name: path.read_bytes() for path in folder.glob("*.*")}
    contents |= {name: text.encode() for name, text in written.items()}
    assets = {name: asset_of(name, content) for name, content in contents.items()}

    def static(name: str) -> Response:
        if name not in assets:
            raise NotFound
        # While a new version rolls out, an old process may be asked for a new address: that answer is not kept.
        known = request.args.get("v") == assets[name].digest
        response = sent(assets[name], FOREVER if known else ASK_AGAIN)
        response.headers.update(SHARED if name in shared else {})
        return response

    app.session_interface = FormsSession()
    app.add_url_rule("/static/<name>", "static", static)
    return lambda name: f"/static/{name}?v={assets[name].digest}"
