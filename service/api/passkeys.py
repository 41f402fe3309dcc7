"""Passkeys: sign in with one, and the reader's list of them."""

from uuid import UUID

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from service.api.answers import COOKIE, no_content, problems
from service.api.models import SignedInModel, dump, signed_in_json
from service.api.second_factor import AGAIN, again
from service.api.second_factor_models import (
    AgainBody,
    NewPasskeyBody,
    PasskeyBody,
    PasskeyModel,
    PasskeyOptions,
    PasskeysModel,
)
from service.core.errors import NotFound
from service.core.second_factors import CEREMONY_LIFE, Passkey
from service.flows.passkeys import Offer
from service.http import sign_in
from service.http.cookies import PASSKEY, jar
from service.http.requests import flows, visit

api = APIBlueprint(
    "api_passkeys",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="Passkeys", description="Signing in with the Web Authentication API (Level 3).")],
)
INVALID = (
    "`invalid_passkey`: for another site or challenge, late, repeated, unknown, or its user was not verified."
)


class PasskeyPath(BaseModel):
    """Which passkey."""

    id: str = Field(description="Id of a passkey, as listed.")


@api.post("/login/passkey/options", responses={200: PasskeyOptions, **problems()})
def sign_in_options() -> Response:
    """Begin to sign in with a passkey

    The options name no account. Their challenge is also in a cookie; both are good for five minutes, once. The same
    options serve the second step.
    """
    return _offered(flows().passkeys.offer_sign_in(visit()))


@api.post(
    "/login/passkey",
    responses={
        200: SignedInModel,
        **problems(body=True, s400=INVALID, s403="`account_disabled`. Also `cross_origin_refused`."),
    },
)
def log_in_with_passkey(body: PasskeyBody) -> Response:
    """Sign in with a passkey

    The authenticator has verified its user, so no second factor is asked for.
    """
    begun = flows().passkeys.sign_in(
        credential=body.credential,
        challenge=jar().read(PASSKEY),
        remember=body.remember,
        visit=visit(),
        previous=sign_in.presented_secret(),
    )
    response = sign_in.begin(jsonify(signed_in_json(begun)), begun)
    jar().clear(response, PASSKEY)
    return response


@api.get(
    "/me/passkeys", responses={200: PasskeysModel, **problems(s401="`unauthenticated`.")}, security=COOKIE
)
def list_passkeys() -> Response:
    """The reader's passkeys"""
    found = flows().passkeys.of(sign_in.require_signed_in())
    return jsonify(dump(PasskeysModel([_told(passkey) for passkey in found])))


@api.post(
    "/me/passkey-options",
    responses={200: PasskeyOptions, **problems(body=True, s401=AGAIN)},
    security=COOKIE,
)
def new_passkey_options(body: AgainBody) -> Response:
    """Begin to add a passkey"""
    return _offered(flows().passkeys.offer_new(sign_in.require_signed_in(), again(body), visit()))


@api.post(
    "/me/passkeys",
    responses={201: PasskeyModel, **problems(body=True, s400=INVALID, s401="`unauthenticated`.")},
    security=COOKIE,
)
def add_passkey(body: NewPasskeyBody) -> Response:
    """Add a passkey"""
    passkey = flows().passkeys.add(
        sign_in.require_signed_in(),
        credential=body.credential,
        challenge=jar().read(PASSKEY),
        name=body.name,
        visit=visit(),
    )
    response = jsonify(dump(_told(passkey)))
    response.status_code = 201
    jar().clear(response, PASSKEY)
    return response


@api.delete(
    "/me/passkeys/<id>",
    responses={
        204: None,
        **problems(
            body=True,
            s401=AGAIN,
            s404="`not_found`, also for other people's.",
            s409="`last_sign_in_method`: add a password, a provider or another passkey first.",
        ),
    },
    security=COOKIE,
)
def remove_passkey(path: PasskeyPath, body: AgainBody) -> Response:
    """Remove a passkey

    Every other session ends.
    """
    here = sign_in.require_signed_in()
    try:
        passkey_id = UUID(path.id)
    except ValueError as error:
        raise NotFound from error
    return sign_in.begin(no_content(), flows().passkeys.remove(here, passkey_id, again(body), visit()))


def _offered(offer: Offer) -> Response:
    """Tell the options, and have the browser keep their challenge: no other can use it."""
    response = jsonify({"options": offer.options})
    jar().write(response, PASSKEY, offer.challenge, CEREMONY_LIFE)
    return response


def _told(passkey: Passkey) -> PasskeyModel:
    return PasskeyModel(
        id=str(passkey.id),
        name=passkey.name,
        synced=passkey.synced,
        created_at=passkey.created_at,
        last_used_at=passkey.last_used_at,
        maybe_copied=passkey.copied_at is not None,
    )
