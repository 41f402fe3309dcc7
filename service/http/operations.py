"""Health for load balancers and orchestrators."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import OpenAPI

from service.core.errors import Unavailable

READINESS: dict[str | int | HTTPStatus, Any] = {
    "200": {"description": "Migrations are current, the database (and Redis, where set) answers."},
    "503": {"description": "They are not, or this process is shutting down. With `Retry-After`."},
}


def register(app: OpenAPI, require_ready: Callable[[], None]) -> None:
    """Add `/healthz` (the process answers) and `/readyz` (it can do its work)."""

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
