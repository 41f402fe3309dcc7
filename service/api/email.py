"""Change the address of the account."""

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from service.api.answers import problems
from service.api.models import Accepted, AccountModel, EmailChangeBody, TokenBody, dump, user_json
from service.core.wording import EMAIL_CHANGE_ACCEPTED
from service.http import sign_in
from service.http.languages import gettext
from service.http.requests import flows, visit

api = APIBlueprint(
    "api_email",
    __name__,
    url_prefix="/api/v1/email",
    abp_tags=[Tag(name="Address", description="The address of the account.")],
)


@api.post(
    "/change",
    responses={
        202: Accepted,
        **problems(body=True, s401="`unauthenticated`, `invalid_credentials`, `reauthentication_required`."),
    },
    security=[{"session": []}],
)
def change_email(body: EmailChangeBody) -> Response:
    """Ask for another address

    Mails a link to the new address, or, where it has an account, a letter that says so. The answer is the same.
    An account without a password needs a sign-in of the last 15 minutes.
    """
    here = sign_in.require_signed_in()
    flows().email_change.request(
        here, email=body.email, current_password=body.current_password, visit=visit()
    )
    response = jsonify(dump(Accepted(message=gettext(EMAIL_CHANGE_ACCEPTED))))
    response.status_code = 202
    return response


@api.post(
    "/change/confirm",
    responses={
        200: AccountModel,
        **problems(
            body=True, s400="`invalid_token`, `expired_token`.", s409="`email_taken`: somebody was faster."
        ),
    },
)
def confirm_email_change(body: TokenBody) -> Response:
    """Use the new address from now on

    Works once. Other sessions and all older links end; the old address is told, with a link back for 7 days.
    """
    changed = flows().email_change.confirm(token=body.token, here=sign_in.signed_in(), visit=visit())
    response = jsonify({"user": user_json(changed.user)})
    return sign_in.begin(response, changed.renewed) if changed.renewed else response
