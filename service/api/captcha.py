"""The task of our own captcha."""

from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from service.api.answers import problems
from service.http.requests import flows, visit

api = APIBlueprint(
    "api_captcha",
    __name__,
    url_prefix="/api/v1/captcha",
    abp_tags=[Tag(name="Captcha", description="Keeping robots out without a third party.")],
)


class ChallengeModel(BaseModel):
    """A task of ALTCHA, version 2 of its proof of work."""

    parameters: dict[str, Any]
    signature: str


@api.get(
    "/challenge",
    responses={200: ChallengeModel, **problems(s404="`not_found`: another captcha is configured, or none.")},
)
def captcha_challenge() -> Response:
    """Get a task of ALTCHA

    Its solution, in the form that ALTCHA's widget gives it, is the `captcha` of another call. Good for twenty
    minutes and one use.
    """
    return jsonify(flows().captchas.challenge(visit()))
