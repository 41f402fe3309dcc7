"""The kinds of values settings have, and how their text is read."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode


def split_commas(value: Any) -> Any:
    """Turn "a, b" into ["a", "b"]; an empty text into []."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def seconds(value: Any) -> Any:
    """Turn "3600" into an hour."""
    if isinstance(value, str):
        if not value.isascii() or not value.isdigit() or len(value) > 12:
            raise ValueError("give a whole number of seconds")
        return timedelta(seconds=int(value))
    return value


def plain(secret: SecretStr | None) -> str:
    """Return what a secret hides, an empty text where none is set."""
    return secret.get_secret_value() if secret else ""


def is_http_url(value: str) -> bool:
    """Tell whether this is an address of a server, with or without a path."""
    try:
        parts = urlsplit(value)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and not parts.query and not parts.fragment


Strings = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split_commas)]
Span = Annotated[timedelta, BeforeValidator(seconds), Field(ge=timedelta(seconds=1), le=timedelta(days=3650))]
WINDOW = r"[1-9]\d* */ *\d* *(second|minute|hour|day)s?"
RATE_LIMIT = re.compile(rf"[a-z_]+ *= *{WINDOW}( *; *{WINDOW})*")
SCHEMES = {
    "database_url": ("sqlite", "postgresql"),
    "redis_url": ("redis", "rediss"),
    "mail_urls": ("smtp", "smtps", "devbox"),
}
DNS_NAME = r"^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$"
HexColour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class Environment(StrEnum):
    """`test` is production code with five refusals lifted (see `config.refusals`)."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    TEST = "test"


class WorkerMode(StrEnum):
    """Who delivers: a thread of the web process, processes of their own, nobody."""

    THREAD = "thread"
    PROCESS = "process"
    OFF = "off"


class MailUnknown(StrEnum):
    """Whether an address without an account is told so."""

    NEVER = "never"
    ONCE_A_DAY = "once_a_day"


class BreachCheck(StrEnum):
    """Which lists of known passwords are refused; `hibp` comes on top of what is bundled."""

    OFF = "off"
    BUNDLED = "bundled"
    HIBP = "hibp"


class LogFormat(StrEnum):
    """One JSON object a line, or text for a person."""

    JSON = "json"
    CONSOLE = "console"
