"""The Flask application around an issuer: its routes, its errors, its headers."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, render_template, request

from service.fake_provider import authorize, endpoints
from service.fake_provider.errors import Mistaken
from service.fake_provider.issuer import Issuer

PAGES = ("authorize", "choose")
LONGEST_BODY = 64 * 1024
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    # with no-referrer the browser would send Apple's form with "Origin: null"; the real one names itself
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


def create_app(issuer: Issuer) -> Flask:
    """Serve an issuer. It may be mounted below a path: all addresses are made from `issuer.url`."""
    app = Flask(__name__, static_folder=None)
    app.extensions["issuer"] = issuer
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    endpoints.register(app, issuer)
    authorize.register(app, issuer)
    policy = _page_policy(issuer)

    @app.context_processor
    def for_every_page() -> dict[str, object]:
        return {"label": issuer.traits.label, "kind": issuer.kind, "nonce": _nonce()}

    @app.errorhandler(Mistaken)
    def refuse(mistake: Mistaken) -> tuple[Response | str, int]:
        return _page(mistake) if request.endpoint in PAGES else endpoints.refuse(mistake)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Security-Policy"] = policy.replace("{nonce}", _nonce())
        return response

    return app


def _page(mistake: Mistaken) -> tuple[str, int]:
    return render_template("refused.html", mistake=mistake), mistake.status


def _nonce() -> str:
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    nonce: str = g.nonce
    return nonce


def _page_policy(issuer: Issuer) -> str:
    """Forms may lead to the client, and on from there to any page under development on this machine.

    Chromium applies `form-action` to every redirect that follows a form.
    """
    clients = {f"{urlsplit(uri).scheme}://{urlsplit(uri).netloc}" for uri in issuer.client.redirect_uris}
    leads_to = ["'self'", "http://localhost:*", "http://127.0.0.1:*", *sorted(clients)]
    return (
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:;"
        f" base-uri 'none'; frame-ancestors 'none'; form-action {' '.join(leads_to)}"
    )
