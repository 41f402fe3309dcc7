"""Reading a posted form, and showing it again with what was wrong."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, flash, redirect, render_template, request
from werkzeug.exceptions import BadRequest

from service.core.errors import (
    CaptchaFailed,
    CaptchaRequired,
    InvalidCode,
    RateLimited,
    ReauthenticationRequired,
    Refusal,
    Unavailable,
)
from service.core.return_urls import LONGEST_URL
from service.http.errors import problem_of

LONGEST_SHOWN = 320


def posted(name: str) -> str:
    """Return one field of the form, "" when it is absent. A field given twice is a 400."""
    values = request.form.getlist(name)
    if len(values) > 1:
        raise BadRequest
    return values[0] if values else ""


def ticked(name: str) -> bool:
    return posted(name) == "yes"


def wanted_next() -> str | None:
    """Return the page to go back to, as it was asked for; flows decide whether it may be followed."""
    value = posted("next") if request.method == "POST" else request.args.get("next", "")
    return value if 0 < len(value) <= LONGEST_URL else None


def with_next(path: str, next: str | None) -> str:
    """Return a path of ours that remembers the page to go back to."""
    return f"{path}?{urlencode({'next': next})}" if next else path


def go(location: str, notice: str | None = None) -> Response:
    """Redirect with 303: a form was taken, the next thing is to be read (RFC 9110 section 15.4.4).

    `notice` is an English sentence: it is translated where it is shown.
    """
    if notice:
        flash(notice)
    response = redirect(location, code=303)
    assert isinstance(response, Response)
    return response


def refused(template: str, refusal: Refusal, **context: Any) -> Response:
    """Show a form again with the refusal beside its fields or above the form."""
    problem = problem_of(refusal)
    errors: dict[str, list[str]] = {}
    for error in problem.errors:
        errors.setdefault(error.field, []).append(error.message)
    if isinstance(refusal, CaptchaRequired | CaptchaFailed):
        errors["captcha"] = [problem.detail]
    if isinstance(refusal, InvalidCode):
        errors["code"] = [problem.detail]
    alert = None if errors else problem.detail
    if isinstance(refusal, ReauthenticationRequired):
        context["again_url"] = f"/login?{urlencode({'again': 1, 'next': request.path})}"
    response = Response(
        render_template(template, **context, errors=errors, alert=alert), mimetype="text/html"
    )
    response.status_code = problem.status
    if isinstance(refusal, RateLimited | Unavailable):
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def fresh(template: str, **context: Any) -> str:
    """Show a form nobody has filled in yet."""
    return render_template(template, **context, errors={}, alert=None)


def shown(**fields: str) -> Mapping[str, str]:
    """The typed values a form shows again."""
    return {name: value[:LONGEST_SHOWN] for name, value in fields.items()}
