"""The account's passkeys: those there are, a new one, and one less."""

import json
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from service.core.errors import NotFound, Refusal, Unauthenticated
from service.core.factor_errors import InvalidPasskey
from service.core.second_factors import Passkey
from service.core.wording import sentence
from service.flows.sessions import SignedIn
from service.http import sign_in
from service.http.cookies import PASSKEY, jar
from service.http.requests import flows, visit
from service.web import again
from service.web.account import ago, day, to_login
from service.web.forms import fresh, go, posted, refused, shown

pages = Blueprint("passkeys", __name__, url_prefix="/account/passkeys")
pages.register_error_handler(Unauthenticated, to_login)
HERE = "/account/passkeys"
PASSKEYS = "pages/account_passkeys.html"
REMOVE = "pages/account_passkey_remove.html"
ADDED = sentence("Your passkey is added. You can sign in with it from now on.")
REMOVED = sentence("The passkey is removed. You are signed out everywhere else.")


@pages.get("")
def passkeys() -> str:
    """The list, and the form for one more."""
    return fresh(PASSKEYS, form={}, **_context(sign_in.require_signed_in()))


@pages.post("")
def add() -> Response:
    """Keep a passkey that the page's script has had made."""
    here, name = sign_in.require_signed_in(), posted("name")
    try:
        flows().passkeys.add(
            here,
            credential=credential_in(posted("credential")),
            challenge=jar().read(PASSKEY),
            name=name,
            visit=visit(),
        )
    except Refusal as refusal:
        return refused(PASSKEYS, refusal, form=shown(name=name), **_context(here))
    response = go(HERE, ADDED)
    jar().clear(response, PASSKEY)
    return response


@pages.get("/<passkey_id>/remove")
def show_remove(passkey_id: str) -> str:
    """What goes, and what is asked before."""
    here = sign_in.require_signed_in()
    return fresh(REMOVE, **_one(here, passkey_id))


@pages.post("/<passkey_id>/remove")
def remove(passkey_id: str) -> Response:
    """Remove one passkey."""
    here = sign_in.require_signed_in()
    one = _one(here, passkey_id)
    try:
        renewed = flows().passkeys.remove(here, UUID(passkey_id), again.answered(here), visit())
    except Refusal as refusal:
        return refused(REMOVE, refusal, **one)
    return sign_in.begin(go(HERE), renewed, notice=REMOVED)


def credential_in(field: str) -> dict[str, Any]:
    """Return what the script has put into a form's field. Raises `InvalidPasskey`."""
    try:
        credential = json.loads(field)
    except (ValueError, RecursionError) as error:
        raise InvalidPasskey from error
    if not isinstance(credential, dict):
        raise InvalidPasskey
    return credential


def _context(here: SignedIn) -> dict[str, object]:
    return {"passkeys": [_told(one) for one in flows().passkeys.of(here)], **again.asked(here, HERE)}


def _one(here: SignedIn, passkey_id: str) -> dict[str, object]:
    found = next((one for one in flows().passkeys.of(here) if str(one.id) == passkey_id), None)
    if found is None:
        raise NotFound
    return {"passkey": _told(found), **again.asked(here, f"{HERE}/{found.id}/remove")}


def _told(passkey: Passkey) -> dict[str, object]:
    return {
        "id": str(passkey.id),
        "name": passkey.name,
        "created_text": day(passkey.created_at),
        "used_text": ago(passkey.last_used_at) if passkey.last_used_at else None,
        "maybe_copied": passkey.copied_at is not None,
    }
