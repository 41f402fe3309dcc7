"""Spans of requests and deliveries, named as OpenTelemetry's stable conventions for HTTP name them.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

import logging
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from service.adapters.tracing.collector import Collector
from service.adapters.tracing.log_lines import current_trace

QUEUE = 2048  # spans of one process that wait; of more the oldest are dropped
BATCH = 512
PAUSE = 2000  # ms between batches
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY"})

continued = TraceContextTextMapPropagator()


class Spans:
    """The service's `Tracing`. A thread of its own sends what has ended; who answers a request never waits for it."""

    def __init__(self, endpoint: str, public_url: str, version: str) -> None:
        # its warnings are of spans that it drops; that and why the collector takes none is said by `Collector`
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)
        public = urlsplit(public_url)
        self._of_requests: dict[str, AttributeValue] = {
            "url.scheme": public.scheme,
            "server.address": public.hostname or "",
        }
        self._collector = Collector(endpoint)
        # `Resource.create` would add what it finds out about the machine
        resource = Resource({"service.name": "masthead", "service.version": version})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._collector,
                max_queue_size=QUEUE,
                max_export_batch_size=BATCH,
                schedule_delay_millis=PAUSE,
            )
        )
        self._tracer = self._provider.get_tracer("masthead")

    def request(self, method: str, traceparent: str, since: int | None = None) -> "RequestSpan":
        """Begin a span. `tracestate` is not continued: it may hold anything."""
        known = method if method in METHODS else "_OTHER"
        parent = continued.extract({"traceparent": traceparent}, Context()) if traceparent else Context()
        name = "HTTP" if known == "_OTHER" else known
        span = self._tracer.start_span(
            name,
            context=parent,
            kind=SpanKind.SERVER,
            attributes={"http.request.method": known, **self._of_requests},
            start_time=since,
        )
        return RequestSpan(span, name)

    def delivery(self, queue: str, kind: str) -> "DeliverySpan":
        """Begin a trace of one delivery."""
        span = self._tracer.start_span(
            f"deliver {kind}",
            context=Context(),
            kind=SpanKind.CONSUMER,
            attributes={"masthead.queue": queue, "masthead.kind": kind},
        )
        return DeliverySpan(span)

    def trouble(self) -> str | None:
        """Ask the collector; say what is wrong with it, if something is."""
        return self._collector.trouble()

    def flush(self) -> None:
        """Send what has ended, now."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what has ended, within seconds, and end."""
        self._collector.hurry()
        self._provider.shutdown()


class _Span:
    """A span, and its trace's id in the log lines of this thread until it ends."""

    def __init__(self, span: Span) -> None:
        self._span = span
        current_trace.set(format_trace_id(span.get_span_context().trace_id))

    def _end(self, failed: bool) -> None:
        if failed:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()
        current_trace.set("")


class RequestSpan(_Span):
    """A request that is being answered."""

    def __init__(self, span: Span, method: str) -> None:
        super().__init__(span)
        self._method = method

    def end(self, route: str | None, status: int, request_id: str) -> None:
        """Tell of it."""
        span, failed = self._span, status >= 500
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("masthead.request_id", request_id)
        if route is not None:
            span.update_name(f"{self._method} {route}")
            span.set_attribute("http.route", route)
        if failed:
            span.set_attribute("error.type", str(status))
        self._end(failed)


class DeliverySpan(_Span):
    """A row of the outbox that is being delivered."""

    def end(self, outcome: str, *, failed: bool) -> None:
        """Tell of it."""
        self._span.set_attribute("masthead.outcome", outcome)
        self._end(failed)
