"""Log lines name the trace they belong to."""

import logging
from contextvars import ContextVar

current_trace: ContextVar[str] = ContextVar("current_trace", default="")


class TraceNamer(logging.Filter):
    """Adds `trace_id` to lines of a thread that has one, and lets everything pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Name the trace."""
        if trace := current_trace.get():
            record.trace_id = trace
        return True


def name_traces() -> None:
    """Have all lines name their trace, whichever logger they come from."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(TraceNamer())
