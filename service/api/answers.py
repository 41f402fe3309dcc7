"""Turning pydantic's findings into field errors, and describing error answers to OpenAPI."""

from typing import Any, NoReturn

from flask import Response
from pydantic import ValidationError

from service.api.models import ProblemModel
from service.core.errors import FieldError, ValidationFailed
from service.core.wording import REQUIRED, sentence
from service.http.strict_json import shown

COOKIE: list[dict[str, list[str]]] = [{"session": []}]
UNKNOWN = "unknown_field"
CODES = {"missing": "required", "extra_forbidden": UNKNOWN, "invalid_text": "invalid_text"}
CODES |= dict.fromkeys(("greater_than_equal", "less_than_equal"), "out_of_range")
TEXT = {"schema": {"type": "string"}}
SECOND_STEP = "`mfa_required`, with `mfa_token` and `methods`, where the account asks for a second factor."
CAPTCHA = "Where a captcha is configured: `captcha_required`, `captcha_failed`."
MESSAGES = {
    "required": REQUIRED,
    UNKNOWN: sentence("There is no such field."),
    "invalid_text": sentence("This contains characters that cannot be used."),
    "out_of_range": sentence("This number is too small or too large."),
    "invalid_type": sentence("This has the wrong type."),
}


def refuse_body(error: ValidationError) -> NoReturn:
    """Raise `ValidationFailed` for what pydantic found."""
    raise ValidationFailed(
        _field_error(found) for found in error.errors(include_input=False, include_url=False)
    )


def _field_error(found: Any) -> FieldError:
    field = shown(str(found["loc"][0] if found["loc"] else ""))
    code = CODES.get(found["type"], "invalid_type")
    if field == "email" and code in ("invalid_type", "required"):
        return FieldError(field, "invalid_email", "Enter a valid email address.")
    return FieldError(field, code, MESSAGES[code])


def no_content() -> Response:
    """A 204: nothing to say, and nothing that could be sniffed."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def problems(*, body: bool = False, **described: str) -> dict[str | int, Any]:
    """Describe error answers for OpenAPI: `problems(body=True, s400="`invalid_token`, `expired_token`.")`."""
    schema = {"schema": {"$ref": f"#/components/schemas/{ProblemModel.__name__}"}}
    always = {
        "s403": "`cross_origin_refused`: a change from another site.",
        "s414": "`uri_too_long`: path and query are over 8 KiB.",
        "s429": "`rate_limited`, with `Retry-After`.",
        "s431": "`headers_too_large`: over 16 KiB.",
        "s500": "`internal_error`.",
        "s503": "`unavailable`, with `Retry-After`.",
    }
    if body:
        always |= {
            "s413": "`payload_too_large`: more than 64 KiB.",
            "s415": "`unsupported_media_type`: not `application/json`.",
            "s422": "`validation_failed`: `errors` names the fields.",
        }
        described["s400"] = " ".join(["`invalid_json`.", *filter(None, [described.get("s400")])])
    return {
        status.removeprefix("s"): {"description": text, "content": {"application/problem+json": schema}}
        for status, text in sorted((always | described).items())
    }


def as_pages_too(answers: dict[str | int, Any]) -> dict[str | int, Any]:
    """Say of error answers that they are pages to those who read pages."""
    for answer in answers.values():
        answer["content"]["text/html"] = TEXT
    return answers
