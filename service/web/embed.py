"""`/embed.js` for the site's pages, the parts it loads when somebody signs in, and the end of a pop-up."""

from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Flask, Response, render_template

from service.core.design import Palette, adjustable_properties
from service.http import assets, sign_in
from service.web.forms import go
from service.web.modules import joined, thinned

DONE = "/embed/done"
SCRIPT, STYLE = "dialog.js", "dialog.css"
PARTS = (SCRIPT, STYLE)  # what pages of the site load as well
OF_PAGES = "page.js"
FRESH = "public, max-age=300, stale-while-revalidate=86400"


def parts(static: Path, accent: str) -> dict[str, str]:
    """Return the scripts that are made of modules, and the dialog's style in the publisher's colours."""
    folder = static / "modules"
    scripts = {name: thinned(joined(folder, name)) for name in (SCRIPT, OF_PAGES)}
    style = adjustable_properties(Palette.of(accent)) + thinned((folder / STYLE).read_text())
    return {**scripts, STYLE: style}


def register(app: Flask, static: Path, address: Callable[[str], str]) -> None:
    """Serve the script; `address` gives those of its parts, which are written in it."""
    text = thinned((static / "embed.js").read_text())
    for name in PARTS:
        text = text.replace(f"/static/{name}", address(name))
    script = assets.asset_of("embed.js", text.encode())
    pages = Blueprint("embed", __name__)

    @pages.get("/embed.js")
    def embed() -> Response:
        response = assets.sent(script, FRESH)
        response.headers.update(assets.SHARED)
        return response

    @pages.get(DONE)
    def done() -> Response | str:
        """Where a sign-in with a provider ends in a window of its own, which closes itself."""
        return render_template("pages/embed_done.html") if sign_in.signed_in() else go(f"/login?next={DONE}")

    app.register_blueprint(pages)
