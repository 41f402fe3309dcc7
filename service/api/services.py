"""Calls for services: each names the scope its token must have, and that is asked for before anything else is read."""

import json
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, g, jsonify, request
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, Field

from service.api.answers import no_content, problems
from service.core.directory import Asked, Done
from service.core.errors import FieldError, NotFound, ValidationFailed
from service.core.openid import Caller
from service.core.ports import UnitOfWork
from service.http.bearer import require_scope
from service.http.requests import flows
from service.http.strict_json import shown

View = TypeVar("View", bound=Callable[..., Response])
SCHEME = "service"
LONGEST_KEY = 255
REFUSED = {
    "s401": "`invalid_token`, with `WWW-Authenticate: Bearer`.",
    "s403": "`insufficient_scope`, with `WWW-Authenticate: Bearer`; `cross_origin_refused`.",
    "s422": "`validation_failed`: `errors` names the fields or parameters.",
}


class ServiceBlueprint(APIBlueprint):
    """Calls with an access token in the service's own name. One that names no scope is no call."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._scopes: dict[str, str] = {}
        self.before_request(self._admit)

    def call(
        self, method: str, rule: str, scope: str, responses: dict[int | str, Any], **described: Any
    ) -> Callable[[View], View]:
        """Add a call; `described` are its refusals, as for `problems`."""

        def add(view: View) -> View:
            self._scopes[f"{self.name}.{view.__name__}"] = scope
            described_all = responses | problems(**REFUSED | described)
            add_route = getattr(self, method)(rule, responses=described_all, security=[{SCHEME: [scope]}])
            add_route(view)
            return view

        return add

    def _admit(self) -> None:
        g.caller = require_scope(self._scopes[request.endpoint or ""])
        flows().service_calls.count(g.caller)
        twice = [name for name, values in request.args.lists() if len(values) > 1]
        if twice:
            raise ValidationFailed(
                FieldError(shown(name), "duplicate_field", "Give this field once.") for name in twice
            )


class IdPath(BaseModel):
    """An account."""

    id: str = Field(description="The account's id.")

    @property
    def user_id(self) -> UUID:
        """The id, in the one spelling it has. Raises `NotFound` for what is none."""
        try:
            found = UUID(self.id)
        except ValueError:
            raise NotFound from None
        if str(found) != self.id:
            raise NotFound
        return found


def caller() -> Caller:
    """Who calls."""
    found: Caller = g.caller
    return found


def by() -> str:
    """The caller as the audit trail names it."""
    return f"client:{caller().client_id}"


def once(work: Callable[[UnitOfWork], Done], body: BaseModel | None = None) -> Response:
    """Do what the request asks, or answer as when it came before under its `Idempotency-Key`."""
    said = body.model_dump(mode="json", exclude_unset=True) if body else {}
    content = json.dumps([request.method, request.path, said], sort_keys=True).encode()
    done = flows().service_calls.once(Asked(caller().client_id, _key(), content), work)
    if done.body is None:
        return no_content()
    response = jsonify(done.body)
    response.status_code = done.status
    return response


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        return key
    raise ValidationFailed(
        [FieldError("Idempotency-Key", "invalid_idempotency_key", "Use 1 to 255 visible ASCII characters.")]
    )
