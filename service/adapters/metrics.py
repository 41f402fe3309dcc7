"""What happens, counted for Prometheus: log lines as they are written, the queues as they stand.

An event is logged once and counted once: `masthead_events_total{event="login.failed"}` are the log lines and
audit events of that name. Processes that share `PROMETHEUS_MULTIPROC_DIR` are counted together; `make serve`
makes such a folder for its own.
"""

import logging
import os
from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.core.errors import Unavailable
from service.core.ports import Clock, Store

KINDS = ("outcome", "rule", "place", "provider")
MOST_COUNTED = 10_000

ours = CollectorRegistry()
events = Counter("masthead_events", "Log lines and audit events", ["event", "kind"], registry=ours)
hashing = Gauge(
    "masthead_hashes_waiting",
    "Passwords that are being hashed or wait for it",
    registry=ours,
    multiprocess_mode="livesum",
)


class EventCounter(logging.Handler):
    """Counts log records by event, and by the first of `KINDS` that goes with it."""

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None) or record.getMessage()
        kind = next((str(getattr(record, name)) for name in KINDS if hasattr(record, name)), "")
        events.labels(event, kind).inc()


class OutboxCollector(Collector):
    """The queue of letters as the database has it: whether workers keep up (or run at all)."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Look at the queue. While the database is away there is nothing to tell."""
        try:
            (waiting, oldest), (events, event) = self._look(self._clock())
        except Unavailable:
            return
        yield GaugeMetricFamily(
            "masthead_outbox_due", f"Letters and errands that are due, up to {MOST_COUNTED}", waiting
        )
        yield GaugeMetricFamily("masthead_outbox_oldest_seconds", "How long the oldest has been due", oldest)
        yield GaugeMetricFamily("masthead_webhooks_waiting", "Events that wait to be delivered", events)
        yield GaugeMetricFamily("masthead_webhooks_oldest_seconds", "How long the oldest has waited", event)

    def _look(self, now: datetime) -> tuple[tuple[int, float], tuple[int, float]]:
        with self._store.read() as uow:
            since = uow.outbox.waiting_since(now)
            waiting = uow.outbox.waiting(now, at_most=MOST_COUNTED) if since else 0
            events, event = uow.webhooks.waiting()
        return (waiting, _age(since, now)), (events, _age(event, now))


def _age(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0.0


def exposition(store: Store, clock: Clock) -> Callable[[], bytes]:
    """Return what writes everything in Prometheus' text format."""
    queue = OutboxCollector(store, clock)

    def write() -> bytes:
        shown = CollectorRegistry()
        shown.register(queue)
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
            return generate_latest(shown)
        return generate_latest(ours) + generate_latest(shown)

    return write
