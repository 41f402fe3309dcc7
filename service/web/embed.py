"""`/embed.js` for the site's pages, the modules it loads when somebody signs in, and the end of a pop-up."""

from pathlib import Path

from flask import Blueprint, Flask, Response, render_template, request

from service.core.errors import NotFound
from service.http import sign_in
from service.web.forms import go
from service.web.modules import digest, joined, thinned

DONE = "/embed/done"
SCRIPTS = ("dialog.js", "password.js")
STYLES = ("dialog.css",)
UNVERSIONED = "/modules/0/"  # how `embed.js` in the repository names the folder
FRESH = "public, max-age=300, stale-while-revalidate=86400"
FOR_A_YEAR = "public, max-age=31536000, immutable"
# For every page there is: they are the same for everybody, and say nothing of anybody.
SHARED = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def register(app: Flask) -> None:
    """Serve the script and its modules; templates name a module by `module("password.js")`."""
    static = Path(app.static_folder or "")
    parts = {name: thinned(joined(static / "modules", name)) for name in SCRIPTS}
    parts |= {name: thinned((static / "modules" / name).read_text()) for name in STYLES}
    version = digest(parts)
    script = thinned((static / "embed.js").read_text()).replace(UNVERSIONED, f"/modules/{version}/")
    pages = Blueprint("embed", __name__)

    @pages.get("/embed.js")
    def embed() -> Response:
        return _shared(script, "text/javascript", FRESH)

    @pages.get("/modules/<asked>/<name>")
    def part(asked: str, name: str) -> Response:
        """A page that was opened before an update gets today's modules, and asks for them again next time."""
        if name not in parts:
            raise NotFound
        kind = "text/css" if name in STYLES else "text/javascript"
        return _shared(parts[name], kind, FOR_A_YEAR if asked == version else "no-cache")

    @pages.get(DONE)
    def done() -> Response | str:
        """Where a sign-in with a provider ends in a window of its own, which closes itself."""
        return render_template("pages/embed_done.html") if sign_in.signed_in() else go(f"/login?next={DONE}")

    app.register_blueprint(pages)
    app.jinja_env.globals["module"] = lambda name: f"/modules/{version}/{name}"


def _shared(text: str, kind: str, keep: str) -> Response:
    response = Response(text, mimetype=kind, headers=SHARED | {"Cache-Control": keep})
    response.add_etag()
    response.make_conditional(request)
    return response
