"""The reader's own account: look at it, change it, take a copy, leave."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from service.api.answers import COOKIE, problems
from service.api.models import (
    AccountModel,
    DeleteBody,
    ErasureScheduled,
    ExportModel,
    ProfileBody,
    dump,
    timestamp,
    user_json,
)
from service.core.wording import NEWSLETTER_CONSENT
from service.flows.profile import ProfileForm
from service.http import sign_in
from service.http.languages import gettext
from service.http.requests import flows, visit

api = APIBlueprint(
    "api_me",
    __name__,
    url_prefix="/api/v1/me",
    abp_tags=[Tag(name="Account", description="The reader's own account.")],
)


@api.get("", responses={200: AccountModel, **problems(s401="`unauthenticated`.")}, security=COOKIE)
def me() -> Response:
    """The reader's account"""
    return jsonify({"user": user_json(sign_in.require_signed_in().user)})


@api.patch(
    "",
    responses={200: AccountModel, **problems(body=True, s401="`unauthenticated`.")},
    security=COOKIE,
)
def update_me(body: ProfileBody) -> Response:
    """Change name, language or consent to the newsletter

    What is left out stays. A consent is kept with its time, network address and wording; `false` removes it.
    """
    here = sign_in.require_signed_in()
    given, user = body.model_fields_set, here.user
    newsletter = body.newsletter if "newsletter" in given else user.newsletter is not None
    form = ProfileForm(
        body.name if "name" in given else user.name,
        body.locale if "locale" in given else user.locale,
        gettext(NEWSLETTER_CONSENT) if newsletter else None,
    )
    return jsonify({"user": user_json(flows().profile.update(here, form, visit()))})


@api.get("/export", responses={200: ExportModel, **problems(s401="`unauthenticated`.")}, security=COOKIE)
def export_me() -> Response:
    """Everything held on the reader, as a download"""
    response = jsonify(_plain(flows().profile.everything(sign_in.require_signed_in())))
    response.headers["Content-Disposition"] = 'attachment; filename="my-account.json"'
    return response


@api.delete(
    "",
    responses={
        202: ErasureScheduled,
        **problems(body=True, s401="`unauthenticated`, `invalid_credentials`, `reauthentication_required`."),
    },
    security=COOKIE,
)
def delete_me(body: DeleteBody) -> Response:
    """Delete the account

    Signs out everywhere at once. The account is erased at `erases_at`; signing in before keeps it.
    An account without a password needs a sign-in of the last 15 minutes.
    """
    here = sign_in.require_signed_in()
    erases_at = flows().erasure.schedule(here, current_password=body.current_password, visit=visit())
    response = jsonify(dump(ErasureScheduled(erases_at=erases_at)))
    response.status_code = 202
    return sign_in.end(response)


def _plain(value: object) -> Any:
    """Return values of the database as JSON has them."""
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)
