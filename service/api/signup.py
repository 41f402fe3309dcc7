"""Sign-up and its confirmation."""

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from service.api.answers import CAPTCHA, problems
from service.api.models import Accepted, ConfirmBody, SignedInModel, SignupBody, dump, signed_in_json
from service.core.wording import NEWSLETTER_CONSENT, SIGNUP_ACCEPTED
from service.flows.signup_form import SignupForm
from service.http import sign_in
from service.http.cookies import BINDING, jar
from service.http.languages import gettext
from service.http.requests import flows, visit

api = APIBlueprint(
    "api_signup",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="Sign up", description="Becoming a reader.")],
)


@api.post("/signup", responses={202: Accepted, **problems(body=True, s400=CAPTCHA)})
def sign_up(body: SignupBody) -> Response:
    """Ask for an account

    Mails a confirmation link, or, where the address has an account, a letter that says so. The answer is
    the same. Sets the cookie that lets the link finish without a password in this browser.
    """
    form = SignupForm(
        body.email,
        body.password,
        body.name,
        body.locale,
        gettext(NEWSLETTER_CONSENT) if body.newsletter else None,
        body.next,
        body.captcha,
    )
    binding = flows().signup.request(form, visit())
    response = jsonify(dump(Accepted(message=gettext(SIGNUP_ACCEPTED))))
    response.status_code = 202
    jar().write(response, BINDING, binding, flows().signup.lifetime)
    return response


@api.post(
    "/signup/confirm",
    responses={201: SignedInModel, **problems(body=True, s400="`invalid_token`, `expired_token`.")},
)
def confirm(body: ConfirmBody) -> Response:
    """Prove the mailbox, get the account and a session

    In a browser without the cookie of the sign-up, `password` is required (`password_required`).
    """
    confirmed = flows().signup.confirm(
        token=body.token,
        binding=jar().read(BINDING),
        password=body.password,
        visit=visit(),
        previous=sign_in.presented_secret(),
    )
    response = jsonify(signed_in_json(confirmed.signed_in))
    response.status_code = 201
    jar().clear(response, BINDING)
    return sign_in.begin(response, confirmed.signed_in)
