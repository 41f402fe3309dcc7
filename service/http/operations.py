"""Health for load balancers and orchestrators."""

import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request
from flask_openapi3 import OpenAPI

from service.core.errors import Unavailable

READINESS: dict[str | int | HTTPStatus, Any] = {
    "200": {"description": "Migrations are current, the database (and Redis, where set) answers."},
    "503": {"description": "They are not, or this process is shutting down. With `Retry-After`."},
}
METRICS: dict[str | int | HTTPStatus, Any] = {
    "200": {
        "description": "Prometheus' text format.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
    "401": {"description": "Not `Authorization: Bearer` with `AUTH_METRICS_TOKEN`, or that is not set."},
}
TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


def register(
    app: OpenAPI, require_ready: Callable[[], None], metrics: Callable[[], bytes], metrics_token: str | None
) -> None:
    """Add `/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics`, for who has the token."""

    @app.get("/healthz", responses={"200": {"description": "The process answers."}})
    def healthz() -> Response:
        """Is the process alive"""
        return jsonify(status="ok")

    @app.get("/readyz", responses=READINESS)
    def readyz() -> Response:
        """Can it do its work"""
        try:
            require_ready()
        except Unavailable:
            response = jsonify(status="unavailable")
            response.status_code = 503
            response.headers["Retry-After"] = "1"
            return response
        return jsonify(status="ready")

    @app.get("/metrics", responses=METRICS, security=[{"metrics": []}])
    def metrics_page() -> Response:
        """What happens here, for Prometheus"""
        said = request.headers.get("Authorization", "").encode()
        wanted = f"Bearer {metrics_token}".encode()
        if metrics_token is None or not hmac.compare_digest(said, wanted):
            return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return Response(metrics(), content_type=TEXT_FORMAT)
