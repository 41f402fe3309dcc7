"""What several parts of the wiring need."""

from datetime import UTC, datetime
from pathlib import Path

import httpx2

from config.settings import Settings
from service.adapters.calls import BoundedTransport, trusted
from service.adapters.status_only import StatusOnly
from service.adapters.targets import PinnedTransport

LONGEST_WEBHOOK = 10.0  # seconds, from looking the name up to the answer's head
TEMPLATES = Path(__file__).parents[2] / "templates"


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_targets(settings: Settings) -> BoundedTransport:
    """Return what calls addresses that others have registered; only tests let them be private ones."""
    return BoundedTransport(_pinned(settings))


def open_webhook_targets(settings: Settings) -> StatusOnly:
    """Return what delivers events: to addresses as above, and only the answer's status is looked at."""
    return StatusOnly(_pinned(settings), LONGEST_WEBHOOK)


def _pinned(settings: Settings) -> PinnedTransport:
    # kept connections are found by IP address: two names at one address would share the first one's certificate
    unkept = httpx2.HTTPTransport(
        verify=trusted(), retries=0, limits=httpx2.Limits(max_keepalive_connections=0)
    )
    return PinnedTransport(unkept, private=not settings.production)


def secrets_of(settings: Settings) -> list[bytes]:
    """Return the service's keys, newest first."""
    return [key.get_secret_value().encode() for key in settings.secret_keys]
