"""A span for every request that Flask answers: the template of its path, never the path or its query."""

from flask import Flask, Response, g, request

from service.core.tracing import Tracing


def register(app: Flask, tracing: Tracing) -> None:
    """Trace requests. Registered before all others: the clock starts first, and the final status is told."""

    @app.before_request
    def begin() -> None:
        g.span = tracing.request(request.method, request.headers.get("traceparent", ""))
        g.status_told = 500  # unless an answer is made

    @app.after_request
    def note(response: Response) -> Response:
        g.status_told = response.status_code
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if span := g.pop("span", None):
            route = request.url_rule.rule if request.url_rule else None
            span.end(route, g.status_told, g.get("request_id", ""))
