"""`/openapi.json`, made from the routes and models, and its readable page `/docs`."""

from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, render_template
from flask_openapi3 import OpenAPI

from service.api import webhooks
from service.api.models import ProblemModel

DESCRIPTION = (
    "Bodies are JSON objects (`application/json`, at most 64 KiB); duplicate and unknown fields and wrong types are"
    " refused. Times are RFC 3339 UTC, ids are opaque. Errors are RFC 9457 problems with a stable `code`. A"
    " state-changing call made with the session cookie needs an `Origin` (or `Sec-Fetch-Site`) of the service or the"
    " site. Every answer carries `X-Request-Id`. Services sign readers in by OpenID Connect: see"
    " `/.well-known/openid-configuration`."
)

# What calls for other services ask for: `security=[{"service": ["users:read"]}]`.
SERVICE = {
    "type": "oauth2",
    "description": "An access token of a client (`flask clients create`) in `Authorization: Bearer`.",
    "flows": {
        "clientCredentials": {
            "tokenUrl": "/oauth/token",
            "scopes": {
                "users:read": "look accounts up",
                "users:write": "create, change and erase accounts, mail reset links, end sessions",
                "mail:read": "see what became of letters",
                "audit:read": "read what happened",
            },
        }
    },
}


def register(app: OpenAPI) -> None:
    """Serve the description and the page."""

    @app.route("/openapi.json")
    def openapi() -> Response:
        return jsonify(describe(app))

    @app.route("/docs")
    def docs() -> str:
        document = describe(app)
        return render_template(
            "pages/docs.html",
            title=document["info"]["title"],
            description=document["info"]["description"],
            operations=list(_groups(document)),
        )


def describe(app: OpenAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    document: dict[str, Any] = app.api_doc
    document["components"]["schemas"][ProblemModel.__name__] = ProblemModel.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    for methods in document["paths"].values():
        for operation in methods.values():
            # flask_openapi3 joins the lines of a docstring with <br/>; descriptions are CommonMark
            lines = operation.get("description", "").split("<br/>")
            operation["description"] = "\n".join(lines).strip()
            refused = operation["responses"].get("422", {})
            if "application/json" in refused.get("content", ()):  # the library's own, for every call
                del operation["responses"]["422"]
    webhooks.describe(document)
    return document


def _groups(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Arrange the operations by tag, the way a person reads them."""
    for tag in document.get("tags", []):
        items = [
            _operation(document, method, path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            if tag["name"] in operation.get("tags", [])
        ]
        yield {"name": tag["name"], "description": tag.get("description", ""), "items": items}
    told = webhooks.group(document)
    for item in told["items"]:
        item["body_fields"] = list(_properties(document, item["schema"]))
    yield told


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "body_fields": list(_fields(document, operation)),
        "responses": [
            {"status": status, "description": response.get("description", "")}
            for status, response in sorted(operation.get("responses", {}).items())
        ],
    }


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    yield from _properties(document, content.get("schema", {}).get("$ref", "").rpartition("/")[2])


def _properties(document: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    schema = document["components"]["schemas"].get(name, {})
    for field, described in schema.get("properties", {}).items():
        kinds = [kind.get("type") for kind in described.get("anyOf", [described])]
        yield {
            "name": field,
            "type": next((kind for kind in kinds if kind and kind != "null"), ""),
            "required": field in schema.get("required", []),
            "description": described.get("description", ""),
        }
