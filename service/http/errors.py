"""The one table from refusal to status, and the one handler that answers a page or problem+json (RFC 9457)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from service.core import errors, factor_errors, forward_auth, service_errors
from service.core.errors import SOMETHING_WENT_WRONG, FieldError, Refusal
from service.core.faults import described
from service.core.return_urls import LONGEST_URL
from service.core.wording import sentence
from service.http.forwarded import reads_pages
from service.http.languages import gettext

log = logging.getLogger(__name__)

STATUS: dict[type[Refusal], int] = {
    errors.InvalidJson: 400,
    errors.InvalidToken: 400,
    errors.ExpiredToken: 400,
    errors.AttemptExpired: 400,
    service_errors.InvalidAuthorizationRequest: 400,
    errors.SignInCancelled: 400,
    errors.SignInRefused: 400,
    service_errors.InvalidNotification: 400,
    factor_errors.InvalidPasskey: 400,
    errors.CaptchaRequired: 400,
    errors.CaptchaFailed: 400,
    errors.FormExpired: 403,
    errors.Unauthenticated: 401,
    errors.InvalidCredentials: 401,
    errors.ReauthenticationRequired: 401,
    errors.InvalidIdToken: 401,
    factor_errors.InvalidCode: 401,
    factor_errors.StepExpired: 401,
    service_errors.InvalidAccessToken: 401,
    errors.AccountDisabled: 403,
    errors.EmailUnverified: 403,
    errors.CrossOriginRefused: 403,
    errors.IdentityBlocked: 403,
    service_errors.InsufficientScope: 403,
    service_errors.RoleRequired: 403,
    errors.NotFound: 404,
    errors.EmailTaken: 409,
    errors.LinkRequired: 409,
    errors.IdentityTaken: 409,
    factor_errors.SecondFactorFirst: 409,
    factor_errors.SecondFactorInUse: 409,
    errors.LastSignInMethod: 409,
    service_errors.IdempotencyKeyReused: 409,
    service_errors.PreconditionFailed: 412,
    errors.ValidationFailed: 422,
    errors.RateLimited: 429,
    errors.Unavailable: 503,
    errors.ProviderUnavailable: 503,
}
# What Werkzeug finds wrong with a request before any of our code runs.
PROTOCOL_CODES = {
    400: ("bad_request", sentence("This request cannot be understood.")),
    404: ("not_found", errors.NotFound.message),
    405: ("method_not_allowed", sentence("This address does not take that method.")),
    413: ("payload_too_large", sentence("The request is too large.")),
    414: ("uri_too_long", sentence("The address is too long.")),
    415: ("unsupported_media_type", sentence("Send the body as application/json.")),
    431: ("headers_too_large", sentence("The request's headers are too large.")),
}
TITLES = {
    400: sentence("Bad request"),
    401: sentence("Not signed in"),
    403: sentence("Refused"),
    404: sentence("Not found"),
    405: sentence("Method not allowed"),
    409: sentence("Conflict"),
    412: sentence("Changed meanwhile"),
    413: sentence("Too large"),
    414: sentence("Address too long"),
    415: sentence("Unsupported media type"),
    422: sentence("Not accepted"),
    429: sentence("Too many requests"),
    431: sentence("Headers too large"),
    500: sentence("Something went wrong"),
    503: sentence("Unavailable"),
}

THIS_PAGE = ""  # as an address: the page that is open, with its query


@dataclass(frozen=True)
class Problem:
    """What an error answer says, whichever way it is said, in the language of the request."""

    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    allow: str | None = None
    challenge: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return gettext(TITLES[self.status])

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": g.get("request_id", ""),
        }
        if self.errors:
            body["errors"] = [{"field": e.field, "code": e.code, "message": e.message} for e in self.errors]
        return body | dict(self.more)


def internal_error() -> Problem:
    """What is said of a defect of ours."""
    return Problem(500, "internal_error", gettext(SOMETHING_WENT_WRONG))


def problem_of(refusal: Refusal) -> Problem:
    """Look a refusal up in the table, and say it in the language of the request."""
    retry = getattr(refusal, "retry_after", None)
    return Problem(
        STATUS[type(refusal)],
        refusal.code,
        gettext(refusal.message),
        tuple(replace(error, template=gettext(error.template)) for error in getattr(refusal, "errors", ())),
        max(1, ceil(retry.total_seconds())) if retry is not None else None,
        challenge=challenge_of(refusal),
    )


def challenge_of(refusal: Refusal) -> str | None:
    """What `WWW-Authenticate` says to who calls with an access token (RFC 6750, section 3)."""
    if not isinstance(refusal, service_errors.InvalidAccessToken | service_errors.InsufficientScope):
        return None
    more = {"scope": refusal.scope} if isinstance(refusal, service_errors.InsufficientScope) else {}
    said = {"error": refusal.code} | more
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in said.items())


def answer(problem: Problem) -> Response:
    """Say it as a page to people, as JSON to programs."""
    if not to_people():
        response = jsonify(problem.to_json())
        response.mimetype = "application/problem+json"
    else:
        response = Response(render_template("errors/error.html", **_page(problem)), mimetype="text/html")
    response.status_code = problem.status
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.allow is not None:
        response.headers["Allow"] = problem.allow
    if problem.challenge is not None:
        response.headers["WWW-Authenticate"] = problem.challenge
    return response


def to_people() -> bool:
    """Whether who asks reads pages.

    Callers of the API and those who notify us are programs; behind a proxy there may be either.
    """
    if request.path == forward_auth.PATH:
        return reads_pages()
    return not request.path.startswith(("/api/", "/events/"))


def register(app: Flask) -> None:
    """Make `app` answer every error through the table."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        if isinstance(refusal, errors.Unavailable):
            log.warning("unavailable", extra={"cause": repr(refusal.__cause__), "path": request.path})
        problem = problem_of(refusal)
        if problem.status in (401, 403) and not isinstance(refusal, errors.Unauthenticated):
            log.info("refused", extra={"outcome": refusal.code, "path": request.path})
        return answer(problem)

    @app.errorhandler(CSRFError)
    def form_expired(_: CSRFError) -> Response:
        return refused(errors.FormExpired())

    @app.errorhandler(HTTPException)
    def protocol_error(error: HTTPException) -> Response:
        status = error.code if error.code in PROTOCOL_CODES else 400
        if error.code is not None and error.code >= 500:
            return answer(internal_error())
        code, detail = PROTOCOL_CODES[status]
        methods = getattr(error, "valid_methods", None)
        allow = ", ".join(sorted(methods)) if methods else None
        return answer(Problem(status, code, gettext(detail), allow=allow))

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        about = {"path": request.path, "request_id": g.get("request_id")}
        log.error("unexpected_error", extra={**about, **described(error)})
        log.debug("unexpected_error_in_full", exc_info=error, extra=about)
        return answer(internal_error())


def _page(problem: Problem) -> dict[str, Any]:
    action_url, action_label = _way_on(problem)
    return {
        "status": problem.status,
        "title": problem.title,
        "detail": problem.detail,
        "retry_minutes": ceil((problem.retry_after or 0) / 60),
        "request_id": g.get("request_id", ""),
        "form_expired": problem.code == errors.FormExpired.code,
        "action_url": action_url,
        "action_label": action_label,
    }


def _way_on(problem: Problem) -> tuple[str | None, str | None]:
    """Say where one button may lead, and what is on it."""
    if problem.code == errors.FormExpired.code:
        readable = current_app.url_map.bind("").test(request.path, "GET")
        next_page = request.form.get("next", "")[:LONGEST_URL]
        query = f"?{urlencode({'next': next_page})}" if next_page else ""
        return (request.path + query if readable else "/account"), gettext("Open the form again")
    if problem.code == errors.Unauthenticated.code:
        return "/login", gettext("Sign in")
    if problem.status in (404, 405):
        return "/", gettext("Go to your account")
    if problem.status in (429, 500, 503) and request.method == "GET":
        return THIS_PAGE, gettext("Try again")
    return None, None
