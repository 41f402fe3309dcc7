"""The request a proxy asks about at `/forward-auth`, as far as its headers tell.

None of this is evidence. It decides in which words a visitor is told to sign in first, and where they come back
to afterwards, which `ReturnUrls` has the last word on.
"""

from dataclasses import dataclass

from flask import request

THEIRS = ("X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri")


@dataclass(frozen=True)
class Asked:
    """A visitor's request. `relayed`: the proxy hands our redirect on to them."""

    method: str
    url: str
    relayed: bool

    @property
    def navigation(self) -> bool:
        """Whether somebody looks at a page, so that sending them to another one makes sense."""
        return self.method in ("GET", "HEAD") and reads_pages()


def asked() -> Asked | None:
    """Return what the proxy asks about, None where it does not say.

    nginx is told `X-Original-Method` and `X-Original-URL` in its recipe, and makes redirects itself. Caddy and Traefik
    send `X-Forwarded-*` and pass our answer on.
    """
    headers = request.headers
    if "X-Original-URL" in headers:
        return Asked(headers.get("X-Original-Method", ""), headers["X-Original-URL"], relayed=False)
    if all(name in headers for name in THEIRS):
        method, scheme, host, uri = (headers[name] for name in THEIRS)
        return Asked(method, f"{scheme}://{host}{uri}" if uri.startswith("/") else "", relayed=True)
    return None


def reads_pages() -> bool:
    """Whether a page is of use to who asks: a browser says that it navigates, an old one that it wants HTML."""
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    return any(kind == "text/html" and quality > 0 for kind, quality in request.accept_mimetypes)
