"""A page of a magazine that uses everything a page can use of Masthead. Registered in development only.

It is served here so that `make run` needs one port; a real one comes from the site's own server, and its members-only
part from behind a proxy that asks `/forward-auth`.
"""

from flask import Blueprint, Flask, render_template

from service.core.errors import Unauthenticated
from service.http import sign_in


def register(app: Flask) -> None:
    """Add the article at `/dev/article`."""
    pages = Blueprint("article", __name__, url_prefix="/dev/article")

    @pages.get("")
    def article() -> str:
        return render_template("dev/article.html")

    @pages.get("/rest")
    def rest() -> str:
        """What members read."""
        if sign_in.signed_in() is None:
            raise Unauthenticated
        return render_template("dev/article_rest.txt")

    app.register_blueprint(pages)
