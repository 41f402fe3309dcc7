"""What readers' and staff's pages share of forms: one field of one, and where to after it."""

from flask import Response, flash, redirect, request
from werkzeug.exceptions import BadRequest


def posted(name: str) -> str:
    """Return one field of the form, "" when it is absent. A field given twice is a 400."""
    values = request.form.getlist(name)
    if len(values) > 1:
        raise BadRequest
    return values[0] if values else ""


def go(location: str, notice: str | None = None) -> Response:
    """Redirect with 303: a form was taken, the next thing is to be read (RFC 9110 section 15.4.4).

    `notice` is an English sentence: it is translated where it is shown.
    """
    if notice:
        flash(notice)
    response = redirect(location, code=303)
    assert isinstance(response, Response)
    return response
