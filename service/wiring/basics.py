"""What several parts of the wiring need."""

from datetime import UTC, datetime
from pathlib import Path

from config.settings import Settings

TEMPLATES = Path(__file__).parents[2] / "templates"


def utc_now() -> datetime:
    return datetime.now(UTC)


def secrets_of(settings: Settings) -> list[bytes]:
    """Return the service's keys, newest first."""
    return [key.get_secret_value().encode() for key in settings.secret_keys]
