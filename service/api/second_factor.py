"""The second step of a sign-in, and the second factor of an account."""

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from service.api.answers import COOKIE, no_content, problems
from service.api.models import SignedInModel, dump, signed_in_json
from service.api.second_factor_models import (
    AgainBody,
    AuthenticatorAppModel,
    CodeBody,
    NewAuthenticatorApp,
    RecoveryCodes,
    RecoveryCodesLeft,
    SecondStepBody,
)
from service.core.errors import FieldError, ValidationFailed
from service.core.second_factors import Method
from service.core.wording import REQUIRED
from service.flows.reauthentication import Again
from service.flows.signup import Confirmed
from service.http import sign_in
from service.http.cookies import PASSKEY, jar
from service.http.requests import flows, visit

api = APIBlueprint(
    "api_second_factor",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[
        Tag(
            name="Second factor", description="Authenticator apps, recovery codes, and the step they are for."
        )
    ],
)
AGAIN = "`unauthenticated`, `invalid_credentials`, `reauthentication_required`, `invalid_code`."


@api.post(
    "/login/mfa",
    responses={
        200: SignedInModel,
        **problems(
            body=True,
            s400="`invalid_passkey`.",
            s401="`invalid_code`: wrong, late or used. `expired_token`: over, or too many wrong codes; sign in anew.",
            s403="`account_disabled`. Also `cross_origin_refused`.",
        ),
    },
)
def second_step(body: SecondStepBody) -> Response:
    """Finish signing in with a second factor

    `mfa_required` told the token and what the account can show. For `passkey` ask `/login/passkey/options` first.
    """
    confirmed = _confirm(body)
    return sign_in.begin(jsonify(signed_in_json(confirmed.signed_in)), confirmed.signed_in)


def _confirm(body: SecondStepBody) -> Confirmed:
    method, previous = Method(body.method), sign_in.presented_secret()
    if method is Method.PASSKEY:
        if body.credential is None:
            raise ValidationFailed([FieldError("credential", "required", REQUIRED)])
        return flows().second_step.with_passkey(
            secret=body.mfa_token,
            credential=body.credential,
            challenge=jar().read(PASSKEY),
            visit=visit(),
            previous=previous,
        )
    if body.code is None:
        raise ValidationFailed([FieldError("code", "required", REQUIRED)])
    return flows().second_step.with_code(
        secret=body.mfa_token, method=method, code=body.code, visit=visit(), previous=previous
    )


@api.get(
    "/me/mfa/totp",
    responses={200: AuthenticatorAppModel, **problems(s401="`unauthenticated`.")},
    security=COOKIE,
)
def authenticator_app() -> Response:
    """Whether signing in asks for a code"""
    since = flows().second_factor.status(sign_in.require_signed_in()).since
    return jsonify(dump(AuthenticatorAppModel(enabled=since is not None, since=since)))


@api.post(
    "/me/mfa/totp",
    responses={
        201: NewAuthenticatorApp,
        **problems(body=True, s401=AGAIN, s409="`already_enabled`: remove the app in use first."),
    },
    security=COOKIE,
)
def offer_authenticator_app(body: AgainBody) -> Response:
    """Begin to set an authenticator app up

    Nothing changes until the app's first code is confirmed, within half an hour.
    """
    app = flows().second_factor.offer(sign_in.require_signed_in(), again(body), visit())
    return _created(dump(NewAuthenticatorApp(secret=app.secret, uri=app.uri)))


@api.post(
    "/me/mfa/totp/confirm",
    responses={
        200: RecoveryCodes,
        **problems(
            body=True,
            s401="`unauthenticated`, `invalid_code`, `expired_token`: begin again.",
            s409="`already_enabled`.",
        ),
    },
    security=COOKIE,
)
def confirm_authenticator_app(body: CodeBody) -> Response:
    """Turn the second factor on with the app's first code

    Every other session ends. The recovery codes are told this once.
    """
    done = flows().second_factor.confirm(sign_in.require_signed_in(), body.code, visit())
    answer = jsonify(dump(RecoveryCodes(recovery_codes=list(done.recovery_codes))))
    return sign_in.begin(answer, done.signed_in)


@api.delete(
    "/me/mfa/totp",
    responses={204: None, **problems(body=True, s401=AGAIN, s404="`not_found`: it is off.")},
    security=COOKIE,
)
def remove_authenticator_app(body: AgainBody) -> Response:
    """Turn the second factor off

    The recovery codes go with it, and every other session ends.
    """
    renewed = flows().second_factor.remove(sign_in.require_signed_in(), again(body), visit())
    return sign_in.begin(no_content(), renewed)


@api.get(
    "/me/mfa/recovery-codes",
    responses={200: RecoveryCodesLeft, **problems(s401="`unauthenticated`.")},
    security=COOKIE,
)
def recovery_codes() -> Response:
    """How many recovery codes are left"""
    left = flows().second_factor.status(sign_in.require_signed_in()).recovery_codes
    return jsonify(dump(RecoveryCodesLeft(remaining=left)))


@api.post(
    "/me/mfa/recovery-codes",
    responses={201: RecoveryCodes, **problems(body=True, s401=AGAIN, s404="`not_found`: no second factor.")},
    security=COOKIE,
)
def renew_recovery_codes(body: AgainBody) -> Response:
    """Replace the recovery codes

    Those of before stop working.
    """
    codes = flows().second_factor.renew_codes(sign_in.require_signed_in(), again(body), visit())
    return _created(dump(RecoveryCodes(recovery_codes=list(codes))))


@api.delete(
    "/me/mfa/recovery-codes",
    responses={204: None, **problems(body=True, s401=AGAIN)},
    security=COOKIE,
)
def remove_recovery_codes(body: AgainBody) -> Response:
    """Do without recovery codes"""
    flows().second_factor.remove_codes(sign_in.require_signed_in(), again(body), visit())
    return no_content()


def again(body: AgainBody) -> Again:
    """What the reader shows once more."""
    return Again(body.current_password, body.code)


def _created(body: object) -> Response:
    response = jsonify(body)
    response.status_code = 201
    return response
