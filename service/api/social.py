"""Sign-in with an ID token that an app was given, and the reader's identities at other providers."""

from dataclasses import replace

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from service.api.answers import COOKIE, SECOND_STEP, no_content, problems
from service.api.models import (
    ConfirmationSent,
    IdentitiesModel,
    IdentityModel,
    IdTokenBody,
    SignedInModel,
    dump,
    signed_in_json,
)
from service.core.errors import LinkRequired
from service.core.profile import accept_name
from service.core.values import new_secret
from service.flows.recognition import Caller
from service.http import errors, sign_in
from service.http.cookies import PROVIDER, jar
from service.http.requests import flows, visit

api = APIBlueprint(
    "api_social",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="Other providers", description="Google, Apple, and what a reader has connected.")],
)
ANSWERS = {
    200: SignedInModel,
    202: ConfirmationSent,
    **problems(
        body=True,
        s401="`invalid_id_token`: not the provider's, not for us, over, used, or without the nonce. "
        + SECOND_STEP,
        s403="`account_disabled`, `identity_blocked`. Also `cross_origin_refused`.",
        s404="`not_found`: this provider is not configured.",
        s409="`link_required`: the address has an account; send the reader to `/login/connect` to prove it.",
    ),
}


class ProviderPath(BaseModel):
    """Which provider."""

    provider: str = Field(description="`google`, `apple`, or the name of another configured issuer.")


@api.post("/login/google", responses=ANSWERS)
def log_in_with_google(body: IdTokenBody) -> Response:
    """Sign in with an ID token of Google

    Its `nonce` must be the one in the token. The first one whose mailbox is not vouched for gets a letter (202).
    """
    return _log_in("google", body)


@api.post("/login/apple", responses=ANSWERS)
def log_in_with_apple(body: IdTokenBody) -> Response:
    """Sign in with an ID token of Apple

    The token holds the nonce or its SHA-256 in hexadecimal. `name` is what Apple gave the app at the first time.
    """
    return _log_in("apple", body)


@api.get(
    "/me/identities", responses={200: IdentitiesModel, **problems(s401="`unauthenticated`.")}, security=COOKIE
)
def list_identities() -> Response:
    """The providers a reader has connected"""
    here = sign_in.require_signed_in()
    connected = [
        IdentityModel(
            provider=one.provider,
            label=one.label,
            email=one.identity.email,
            created_at=one.identity.created_at,
            last_used_at=one.identity.last_used_at,
        )
        for one in flows().linking.connections(here)
        if one.identity is not None
    ]
    return jsonify(dump(IdentitiesModel(connected)))


@api.delete(
    "/me/identities/<provider>",
    responses={
        204: None,
        **problems(
            s401="`unauthenticated`.",
            s404="`not_found`: not connected.",
            s409="`last_sign_in_method`: add a password or another provider first.",
        ),
    },
    security=COOKIE,
)
def unlink_identity(path: ProviderPath) -> Response:
    """Disconnect a provider"""
    flows().linking.unlink(sign_in.require_signed_in(), path.provider, visit())
    return no_content()


def _log_in(provider: str, body: IdTokenBody) -> Response:
    here = Caller(visit(), jar().read(PROVIDER) or new_secret(), sign_in.presented_secret())
    try:
        arrival = flows().social.with_id_token(
            provider,
            token=body.id_token,
            nonce=body.nonce or "",
            given_name=accept_name(body.name),
            next=None,
            caller=replace(here, here=sign_in.signed_in()),
        )
    except LinkRequired as refusal:
        return _bound(errors.answer(errors.problem_of(refusal)), here)
    if arrival.signed_in is None:
        response = jsonify(dump(ConfirmationSent()))
        response.status_code = 202
        return _bound(response, here)
    return sign_in.begin(jsonify(signed_in_json(arrival.signed_in)), arrival.signed_in)


def _bound(response: Response, here: Caller) -> Response:
    """Let this browser finish what waits for a proof."""
    jar().write(response, PROVIDER, here.browser or "", flows().proof.lifetime)
    return response
