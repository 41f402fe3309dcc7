"""What is traced: requests and deliveries, by their kind and their end, never by whom they are about.

The shapes below are all that can be told, so nothing personal can slip in.
"""

from typing import Protocol


class RequestSpan(Protocol):
    """A request that is being answered. `end` it once; one that is not ended is not told."""

    def end(self, route: str | None, status: int, request_id: str) -> None:
        """Tell of it. `route` is the template of the path, None where no route fits."""
        ...


class DeliverySpan(Protocol):
    """A row of the outbox that is being delivered."""

    def end(self, outcome: str, *, failed: bool) -> None:
        """Tell of it."""
        ...


class Tracing(Protocol):
    """Tell a collector how long things take. Never blocks and never raises."""

    def request(self, method: str, traceparent: str, since: int | None = None) -> RequestSpan:
        """Begin a span, as part of the caller's trace where `traceparent` names one (W3C Trace Context).

        It has begun at `since`, of `time.time_ns`, else now.
        """
        ...

    def delivery(self, queue: str, kind: str) -> DeliverySpan:
        """Begin a trace of one delivery."""
        ...

    def trouble(self) -> str | None:
        """Ask the collector; say what is wrong with it, if something is."""
        ...
