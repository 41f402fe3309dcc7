"""A magazine on an origin of its own: an article with the in-page dialog, under the strict policy its recipe asks for.

with HostPage() as magazine:
    with LiveService(..., allowed_origins=magazine.origin) as site:
        magazine.service = site.url
        page.goto(f"{magazine.url}/ar/article")
"""

import html
import threading
from types import TracebackType
from typing import Self
from urllib.parse import quote

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.support.processes import free_port

LOREM = "The lighthouse keeper counted ships the way others count sheep, and slept as badly as they do. " * 6
DIRECTIONS = {"ar": "rtl"}
POLICY = (
    "default-src 'none'; script-src {service}; connect-src {service}; style-src 'nonce-x'; base-uri 'none';"
    " form-action {service}; require-trusted-types-for 'script'"
)
PAGE = """<!doctype html>
<html lang="{language}" dir="{direction}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>A lighthouse</title>
<style nonce="x">
  :root {{ color-scheme: light dark }}
  html {{ font-size: 62.5% }}
  body {{ max-width: 60ch; margin: auto; padding: 1rem; background: Canvas }}
  body {{ font: italic 1.8rem/2 monospace; letter-spacing: .1em; text-align: end }}
  header {{ position: fixed; inset: 0 0 auto; background: Canvas }}
  a {{ display: inline-block; padding: 1rem }}
  masthead-dialog {{ --masthead-rem: 16px }}
</style>
<script src="{service}/embed.js" {when}></script>
<header>
  <masthead-dialog>
    <a id="login" href="{service}/login?next={here}">Sign in</a>
    <a id="signup" href="{service}/signup?next={here}">Join</a>
    <a id="account" slot="signed-in" hidden href="{service}/account">Account</a>
    <a id="logout" slot="signed-in" hidden href="{service}/logout?next={here}">Sign out</a>
  </masthead-dialog>
</header>
<main><h1>A lighthouse</h1>{paragraphs}</main>
<a id="behind" href="#behind">Behind</a>
"""


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


class HostPage:
    """`service` is the address of the accounts service; `name` is what browsers call this machine."""

    def __init__(self, name: str = "localhost") -> None:
        self.port = free_port()
        self.origin = f"http://{name}:{self.port}"
        self.service = ""
        self._server = make_server(
            "127.0.0.1", self.port, Request.application(self._answer), threaded=True, request_handler=Quiet
        )

    def _answer(self, request: Request) -> Response:
        """`/<language>/article` is the article in that language; at `/<language>/early` the script comes first."""
        _, language, name = request.path.split("/")
        page = PAGE.format(
            language=language,
            when="async" if name == "article" else "",
            direction=DIRECTIONS.get(language, "ltr"),
            service=html.escape(self.service),
            here=quote(request.base_url, safe=""),
            paragraphs="".join(f"<p>{number}. {LOREM}</p>" for number in range(1, 31)),
        )
        policy = POLICY.format(service=self.service)
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": policy})

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
