"""The language of a request: the signed-in reader's, else what the browser asks for, else the publisher's default.

Nothing typed into a form or an address bar has a say in it, so an answer's language tells nothing about accounts.
"""

from babel.support import NullTranslations
from flask import Flask, Response, g, has_request_context
from flask_babel import Babel, Domain

from service.core.errors import Unavailable
from service.http import sign_in
from service.http.requests import accepted_languages, languages
from service.languages import catalogue


class Catalogues(Domain):  # type: ignore[misc]
    """Flask-Babel's sentences, out of our catalogues. Notes that this answer has words, and in which language."""

    def get_translations(self) -> NullTranslations:
        return _translations()


def spoken() -> str:
    """The language of this answer, chosen once."""
    if "spoken" not in g:
        g.spoken = _select()
    language: str = g.spoken
    return language


def gettext(text: str) -> str:
    """Say an English sentence in the language of this answer."""
    return str(_translations().gettext(text))


def register(app: Flask) -> None:
    """Let pages and errors speak the reader's language, and say which one it is (RFC 9110, 8.5 and 12.5.5)."""
    babel = Babel(app, locale_selector=spoken)
    babel.domain_instance = Catalogues()

    @app.after_request
    def tell(response: Response) -> Response:
        if "language" in g:
            response.headers["Content-Language"] = g.language.replace("_", "-")
            response.vary.update(("Accept-Language", "Cookie"))
        return response


def _translations() -> NullTranslations:
    if not has_request_context():
        return NullTranslations()
    g.language = spoken()
    return catalogue(g.language)


def _select() -> str:
    try:
        here = sign_in.signed_in()
    except Unavailable:  # the page that says so must not fail for the same reason
        here = None
    return languages().best([here.user.locale if here else None, *accepted_languages()])
