"""Traces by OpenTelemetry's SDK, sent as OTLP/HTTP in JSON."""

from multiprocessing.util import Finalize

from service.adapters.tracing.log_lines import name_traces
from service.core.tracing import Tracing

__all__ = ["open_tracing"]


def open_tracing(endpoint: str | None, public_url: str, version: str) -> Tracing | None:
    """Return what sends traces to the collector at `endpoint`, None where there is none. Connects to nothing.

    What is left when the process ends is sent then: a drained web process and a stopped worker end that way.
    """
    if not endpoint:
        return None
    from service.adapters.tracing.spans import Spans  # takes 3 MiB, and some 30 ms

    spans = Spans(endpoint, public_url, version)
    Finalize(None, spans.close, exitpriority=0)  # atexit is not run in the forked processes of the web server
    name_traces()
    return spans
