"""Forgot, reset and change a password."""

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from service.api.answers import CAPTCHA, problems
from service.api.models import Accepted, ChangeBody, ForgotBody, PasswordChanged, ResetBody, dump
from service.core.wording import FORGOT_DONE
from service.http import sign_in
from service.http.languages import gettext
from service.http.requests import flows, visit

api = APIBlueprint(
    "api_password",
    __name__,
    url_prefix="/api/v1/password",
    abp_tags=[Tag(name="Passwords", description="Forgotten, reset, changed.")],
)


@api.post("/forgot", responses={202: Accepted, **problems(body=True, s400=CAPTCHA)})
def forgot(body: ForgotBody) -> Response:
    """Ask for a reset letter

    Known, unknown, disabled and throttled addresses get this answer in the same time.
    """
    flows().password_reset.request(email=body.email, next=body.next, visit=visit(), captcha=body.captcha)
    response = jsonify(dump(Accepted(message=gettext(FORGOT_DONE))))
    response.status_code = 202
    return response


@api.post(
    "/reset",
    responses={200: PasswordChanged, **problems(body=True, s400="`invalid_token`, `expired_token`.")},
)
def reset(body: ResetBody) -> Response:
    """Set a new password with the token of the latest letter

    Works once, ends every session, does not sign in. After a 422 the token is still good.
    """
    next_page = flows().password_reset.complete(token=body.token, password=body.password, visit=visit())
    return jsonify(dump(PasswordChanged(next=next_page)))


@api.post(
    "/change",
    responses={
        200: PasswordChanged,
        **problems(body=True, s401="`unauthenticated`, `invalid_credentials`, `reauthentication_required`."),
    },
    security=[{"session": []}],
)
def change(body: ChangeBody) -> Response:
    """Change the password; other sessions end"""
    here = sign_in.require_signed_in()
    renewed = flows().password_change.change(
        here, current=body.current_password, new=body.new_password, visit=visit()
    )
    return sign_in.begin(jsonify(dump(PasswordChanged())), renewed)
