"""Sign in by a mailed link."""

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint

from service.api.answers import CAPTCHA, SECOND_STEP, problems
from service.api.models import Accepted, LoginLinkBody, SignedInModel, TokenBody, dump, signed_in_json
from service.api.session import api as sessions
from service.core.wording import LOGIN_LINK_ACCEPTED
from service.http import sign_in
from service.http.languages import gettext
from service.http.requests import flows, visit

api = APIBlueprint("api_login_link", __name__, url_prefix="/api/v1/login/link", abp_tags=sessions.abp_tags)


@api.post("", responses={202: Accepted, **problems(body=True, s400=CAPTCHA)})
def ask_for_login_link(body: LoginLinkBody) -> Response:
    """Ask for a sign-in link

    Known, unknown, disabled and throttled addresses get this answer in the same time.
    """
    flows().login_link.request(email=body.email, next=body.next, visit=visit(), captcha=body.captcha)
    response = jsonify(dump(Accepted(message=gettext(LOGIN_LINK_ACCEPTED))))
    response.status_code = 202
    return response


@api.post(
    "/confirm",
    responses={
        200: SignedInModel,
        **problems(body=True, s400="`invalid_token`, `expired_token`.", s401=SECOND_STEP),
    },
)
def confirm_login_link(body: TokenBody) -> Response:
    """Sign in with the token of the latest letter; works once"""
    confirmed = flows().login_link.confirm(
        token=body.token, visit=visit(), previous=sign_in.presented_secret()
    )
    return sign_in.begin(jsonify(signed_in_json(confirmed.signed_in)), confirmed.signed_in)
