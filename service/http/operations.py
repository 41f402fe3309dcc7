"""Health for load balancers and orchestrators."""

from collections.abc import Callable

from flask import Flask, Response, jsonify

from service.core.errors import Unavailable


def register(app: Flask, require_ready: Callable[[], None]) -> None:
    """Add `/healthz` (the process answers) and `/readyz` (it can do its work)."""

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> Response:
        try:
            require_ready()
        except Unavailable:
            response = jsonify(status="unavailable")
            response.status_code = 503
            response.headers["Retry-After"] = "1"
            return response
        return jsonify(status="ready")
