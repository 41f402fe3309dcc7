"""The way to a collector: batches of spans as OTLP/HTTP in JSON, by the HTTP client we have.

Not by OpenTelemetry's own exporter: docs/adr/0015-traces-by-our-own-client.md.
https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx2
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, format_span_id, format_trace_id
from opentelemetry.util.types import AttributeValue

from service.adapters.calls import trusted
from service.adapters.status_only import StatusOnly

log = logging.getLogger(__name__)

PATH = "/v1/traces"
LONGEST_CALL = 3.0  # seconds in all
FAREWELL = 3.0  # seconds in which calls may still begin when the process ends
TIMEOUT = httpx2.Timeout(2.0)


class Collector(SpanExporter):
    """Sends spans and forgets them, whatever becomes of the call. That it is away is logged once, not per batch."""

    def __init__(self, endpoint: str) -> None:
        base = endpoint.rstrip("/")
        self._url = base if base.endswith(PATH) else base + PATH
        # a call on a connection of its own can be ended on time, whatever the other side does
        unkept = httpx2.HTTPTransport(
            verify=trusted(), retries=0, limits=httpx2.Limits(max_keepalive_connections=0)
        )
        transport = StatusOnly(unkept, LONGEST_CALL)
        self._client = httpx2.Client(
            transport=transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False
        )
        self._away = False
        self._last_begin: float | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch, unless the process is ending and has waited long enough."""
        if self._last_begin is not None and time.monotonic() > self._last_begin:
            return SpanExportResult.FAILURE
        trouble = self._send(spans)
        if trouble and not self._away:
            log.warning("traces_not_taken", extra={"cause": trouble})
        elif self._away and not trouble:
            log.info("traces_taken_again")
        self._away = trouble is not None
        return SpanExportResult.FAILURE if trouble else SpanExportResult.SUCCESS

    def trouble(self) -> str | None:
        """Send a batch of nothing; say what is wrong, without the address, which may hold a password."""
        return self._send(())

    def hurry(self) -> None:
        """Begin no call later than `FAREWELL` from now."""
        self._last_begin = time.monotonic() + FAREWELL

    def shutdown(self) -> None:
        self._client.close()

    def _send(self, spans: Sequence[ReadableSpan]) -> str | None:
        try:
            answer = self._client.post(
                self._url,
                content=json.dumps(document(spans), separators=(",", ":")),
                headers={"Content-Type": "application/json", "User-Agent": "masthead"},
            )
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return type(error).__name__
        return None if answer.is_success else f"status {answer.status_code}"


def document(spans: Sequence[ReadableSpan]) -> dict[str, Any]:
    """Write spans of one process as OTLP has it. Their ids are hexadecimal there, other than in protobuf's JSON."""
    if not spans:
        return {"resourceSpans": []}
    told = {
        "scope": {"name": "masthead"},
        "spans": [_span(span, own) for span in spans if (own := span.get_span_context())],
    }
    resource = {"attributes": _attributes(spans[0].resource.attributes)}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [told]}]}


def _span(span: ReadableSpan, own: SpanContext) -> dict[str, Any]:
    told = {
        "traceId": format_trace_id(own.trace_id),
        "spanId": format_span_id(own.span_id),
        "name": span.name,
        "kind": span.kind.value + 1,  # OTLP begins with "unspecified"
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes or {}),
        "status": {"code": span.status.status_code.value},
    }
    return told | ({"parentSpanId": format_span_id(span.parent.span_id)} if span.parent else {})


def _attributes(values: Mapping[str, AttributeValue]) -> list[dict[str, Any]]:
    return list(_written(values.items()))


def _written(items: Iterable[tuple[str, AttributeValue]]) -> Iterable[dict[str, Any]]:
    for name, value in items:
        written = {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}
        yield {"key": name, "value": written}
