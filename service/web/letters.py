"""Every letter in every language, as it looks on a desk and on a phone, by day and by night. Development only."""

from collections.abc import Sequence
from typing import Protocol

from flask import Blueprint, Flask, Response, render_template, request

from service.core.errors import NotFound
from service.http.languages import spoken
from service.web.devbox import framed

DARK_RULE = "@media (prefers-color-scheme: dark)"
SCHEMES = {"light": "@media not all", "dark": "@media all"}


class Shown(Protocol):
    """A letter in words."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...


class Gallery(Protocol):
    """Where the samples hang."""

    @property
    def names(self) -> Sequence[str]: ...
    @property
    def languages(self) -> Sequence[str]: ...

    def show(self, name: str, language: str) -> Shown | None: ...


def register(app: Flask, gallery: Gallery) -> None:
    """Add the pages below `/dev/letters`."""
    pages = Blueprint("letters", __name__, url_prefix="/dev/letters")

    def known(name: str, language: str) -> Shown:
        letter = gallery.show(name, language)
        if letter is None:
            raise NotFound
        return letter

    @pages.get("")
    def samples() -> str:
        language = spoken()
        letters = [{"name": name, "subject": known(name, language).subject} for name in gallery.names]
        return render_template("dev/letters.html", letters=letters, languages=gallery.languages)

    @pages.get("/<language>/<name>")
    def sample(language: str, name: str) -> str:
        return render_template(
            "dev/sample.html",
            letter=known(name, language),
            name=name,
            language=language,
            languages=gallery.languages,
        )

    @pages.get("/<language>/<name>/html")
    def html(language: str, name: str) -> Response:
        # a frame cannot be told the scheme to prefer, so the letter's rule for the dark is switched on or off
        rule = SCHEMES.get(request.args.get("scheme", ""), DARK_RULE)
        return framed(known(name, language).html.replace(DARK_RULE, rule))

    app.register_blueprint(pages)
