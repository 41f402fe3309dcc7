"""The dev mailbox: what would have been sent. Registered in development only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from flask import Blueprint, Flask, Response, render_template

from service.core.errors import NotFound


class Summary(Protocol):
    """A line in the list of letters."""

    @property
    def id(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def date(self) -> datetime: ...


class KeptLetter(Summary, Protocol):
    """One letter in full."""

    @property
    def html(self) -> str: ...
    @property
    def raw(self) -> bytes: ...


class Mailbox(Protocol):
    """Where the letters lie."""

    def letters(self) -> Sequence[Summary]: ...

    def letter(self, letter_id: str) -> KeptLetter | None: ...


def framed(html: str) -> Response:
    """Return a letter for a sandboxed frame; a click on a link leaves the frame, as in a mail program."""
    page = html.replace("<head>", '<head><base target="_top">', 1)
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self';"
        " sandbox allow-top-navigation-by-user-activation"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def register(app: Flask, mailbox: Mailbox) -> None:
    """Add the pages below `/dev/mailbox`."""
    pages = Blueprint("devbox", __name__, url_prefix="/dev/mailbox")

    def known(letter_id: str) -> KeptLetter:
        letter = mailbox.letter(letter_id)
        if letter is None:
            raise NotFound
        return letter

    @pages.get("")
    def inbox() -> str:
        letters = [
            {
                "id": letter.id,
                "to": letter.to,
                "subject": letter.subject,
                "date_text": letter.date.strftime("%d %B, %H:%M"),
            }
            for letter in mailbox.letters()
        ]
        return render_template("dev/mailbox.html", letters=letters)

    @pages.get("/<letter_id>")
    def letter(letter_id: str) -> str:
        return render_template("dev/letter.html", letter=known(letter_id))

    @pages.get("/<letter_id>/html")
    def html(letter_id: str) -> Response:
        return framed(known(letter_id).html)

    @pages.get("/<letter_id>/raw")
    def raw(letter_id: str) -> Response:
        return Response(known(letter_id).raw, mimetype="text/plain")

    app.register_blueprint(pages)
