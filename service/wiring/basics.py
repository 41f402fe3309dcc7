"""What several parts of the wiring need."""

from datetime import UTC, datetime
from pathlib import Path

import httpx2

from config.settings import Settings
from service.adapters.calls import BoundedTransport, trusted
from service.adapters.targets import PinnedTransport

TEMPLATES = Path(__file__).parents[2] / "templates"


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_targets(settings: Settings) -> BoundedTransport:
    """Return what calls addresses that others have registered; only tests let them be private ones."""
    pinned = PinnedTransport(
        httpx2.HTTPTransport(verify=trusted(), retries=0), private=not settings.production
    )
    return BoundedTransport(pinned)


def secrets_of(settings: Settings) -> list[bytes]:
    """Return the service's keys, newest first."""
    return [key.get_secret_value().encode() for key in settings.secret_keys]
