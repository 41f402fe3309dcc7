"""Holds every answer of the API against what the service's own OpenAPI document promises."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from service.api.documentation import describe

DOCUMENTS: dict[int, tuple[Flask, dict[str, Any]]] = {}


def watch_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every answer of a service in this process must be documented."""
    plain = FlaskClient.open

    def open_and_check(client: FlaskClient, *arguments: Any, **options: Any) -> TestResponse:
        response = plain(client, *arguments, **options)
        check_documented(client.application, response)
        return response

    monkeypatch.setattr(FlaskClient, "open", open_and_check)


def document_of(app: Any) -> dict[str, Any]:
    """The OpenAPI document of an application, made once."""
    if id(app) not in DOCUMENTS:
        DOCUMENTS.clear()
        DOCUMENTS[id(app)] = (app, describe(app))
    return DOCUMENTS[id(app)][1]


def check_documented(app: Any, response: TestResponse) -> None:
    """Fail when an answer has a status, a media type or a shape that its operation does not document."""
    request = response.request
    operation = _operation(app, request.path, request.method)
    if operation is None:
        return
    described = operation["responses"].get(str(response.status_code))
    call = f"{request.method} {request.path} -> {response.status_code}"
    assert described is not None, f"{call} is not documented"
    if "content" not in described:
        assert response.status_code != 204 or not response.data, f"{call} says something"
        return
    assert response.mimetype in described["content"], f"{call} as {response.mimetype} is not documented"
    schema = described["content"][response.mimetype]["schema"] | {
        "components": document_of(app)["components"]
    }
    said = response.get_json() if response.is_json else response.text
    Draft202012Validator(schema).validate(said)


def _operation(app: Any, path: str, method: str) -> dict[str, Any] | None:
    """What is documented for a call; None for a call the service does not know, and for HEAD and OPTIONS."""
    try:
        rule, _ = app.url_map.bind("").match(path, method, return_rule=True)
    except HTTPException:
        return None
    template = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    operation: dict[str, Any] | None = document_of(app)["paths"].get(template, {}).get(method.lower())
    return operation
