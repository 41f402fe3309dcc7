"""Reading a posted form, and showing it again with what was wrong."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request

from service.core.errors import (
    CaptchaFailed,
    CaptchaRequired,
    RateLimited,
    ReauthenticationRequired,
    Refusal,
    Unavailable,
)
from service.core.factor_errors import InvalidCode
from service.core.return_urls import LONGEST_URL
from service.http.errors import problem_of
from service.http.forms import go, posted

__all__ = ["fresh", "go", "posted", "refused", "shown", "ticked", "wanted_next", "with_next"]

LONGEST_SHOWN = 320


def ticked(name: str) -> bool:
    return posted(name) == "yes"


def wanted_next() -> str | None:
    """Return the page to go back to, as it was asked for; flows decide whether it may be followed."""
    value = posted("next") if request.method == "POST" else request.args.get("next", "")
    return value if 0 < len(value) <= LONGEST_URL else None


def with_next(path: str, next: str | None) -> str:
    """Return a path of ours that remembers the page to go back to."""
    return f"{path}?{urlencode({'next': next})}" if next else path


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
