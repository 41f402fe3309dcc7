"""Forward auth: a proxy asks before each page who its visitor is, and passes the answer on in headers."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, redirect, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from service.api.answers import MESSAGES, TEXT, UNKNOWN, as_pages_too, problems
from service.core.errors import FieldError, Unauthenticated, ValidationFailed
from service.core.forward_auth import PATH, identity, lets_in
from service.core.return_urls import ReturnUrls
from service.core.service_errors import RoleRequired
from service.http import errors, sign_in
from service.http.forwarded import Asked, asked
from service.http.strict_json import shown

api = APIBlueprint(
    "api_forward_auth",
    __name__,
    abp_tags=[Tag(name="Forward auth", description="For nginx, Caddy and Traefik: see `docs/integrations`.")],
)
SIGN_IN = {"Location": {"description": "Where to sign in, with `next`.", **TEXT}}
ANSWERS: dict[str | int, Any] = {
    "200": {
        "description": "Signed in, with one of the roles where any are asked for. Headers say who it is; whatever is"
        " not plain ASCII, and `%`, is percent-encoded UTF-8. All four are always there.",
        "headers": {
            "Remote-User": {"description": "The account's id: stable, never given to somebody else.", **TEXT},
            "Remote-Email": {"description": "The proven address; empty for none.", **TEXT},
            "Remote-Name": {"description": "The name; empty for none.", **TEXT},
            "Remote-Roles": {"description": "The roles, separated by commas; empty for none.", **TEXT},
        },
    },
    "302": {
        "description": "Signed out, and the proxy has said with `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`"
        " that a browser wants to see a page. Whether it does is told by `Sec-Fetch-Mode`, else by `Accept`.",
        "headers": SIGN_IN,
    },
    **as_pages_too(
        problems(
            s401="`unauthenticated`: signed out. With `Location` for who asks with `X-Original-Method` and"
            " `X-Original-URL` on behalf of a browser: nginx makes the redirect itself.",
            s403="`role_required`: signed in, with none of the roles asked for.",
            s422="`validation_failed`: the query has something else than `role`.",
        )
    ),
}


class RolesQuery(BaseModel):
    """Whom to let in. Nothing else may be asked for; a query that is the visitor's own is passed over."""

    role: list[str] = Field([], description="A role that lets the visitor in. Several: any of them does.")


@api.after_request
def depend_on_the_cookie(response: Response) -> Response:
    response.vary.add("Cookie")
    return response


@api.get(PATH, responses=ANSWERS, security=[{"session": []}])
def forward_auth(query: RolesQuery) -> Response:
    """Who the visitor of a guarded page is"""
    _refuse_what_is_misspelt()
    here = sign_in.signed_in()
    if here is None:
        return _sign_in_first(asked())
    if not lets_in(here.user, query.role):
        raise RoleRequired
    response = Response(headers=identity(here.user))
    del response.headers["Content-Type"]
    return response


def _refuse_what_is_misspelt() -> None:
    """Let nobody in by a word that says nothing to us; Caddy sends the query of the visitor's page along."""
    unknown = request.args.keys() - {"role"}
    theirs = "?" + request.query_string.decode("latin-1")
    if unknown and not request.headers.get("X-Forwarded-Uri", "").endswith(theirs):
        raise ValidationFailed(
            FieldError(shown(name), UNKNOWN, MESSAGES[UNKNOWN]) for name in sorted(unknown)
        )


def _sign_in_first(wanted: Asked | None) -> Response:
    """Send a visitor who looks at a page to sign in; say to everybody else that nobody is signed in."""
    if wanted is None or not wanted.navigation:
        raise Unauthenticated
    if wanted.relayed:
        response = redirect(_sign_in_address(wanted.url), code=302)
        assert isinstance(response, Response)
        return response
    refused = errors.answer(errors.problem_of(Unauthenticated()))
    refused.headers["Location"] = _sign_in_address(wanted.url)
    return refused


def _sign_in_address(wanted: str) -> str:
    return_urls: ReturnUrls = current_app.extensions["masthead"].return_urls
    next_page = return_urls.safe(wanted) if wanted.isascii() else None
    query = f"?{urlencode({'next': next_page})}" if next_page else ""
    return f"{return_urls.own_origin}/login{query}"
