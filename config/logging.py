"""Log lines: one JSON object each in production, readable text in development. Secrets never get here:
what is logged are event names, ids and classes, and query strings are cut off.
"""

import logging
import logging.config

from pythonjsonlogger.json import JsonFormatter

from config.kinds import LogFormat
from config.settings import Settings


class EventFormatter(JsonFormatter):
    """`{"time", "level", "logger", "event", …}`; a message's line breaks are escaped by JSON itself."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "message": "event"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
        )


class ConsoleFormatter(logging.Formatter):
    """Time, level, event and what goes with it, on one line."""

    standard = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        extra = " ".join(f"{k}={v!r}" for k, v in record.__dict__.items() if k not in self.standard)
        return f"{line}  {extra}" if extra else line


def configure_logging(settings: Settings) -> None:
    """Send everything to standard error in the format asked for."""
    formatter = (
        {"()": EventFormatter}
        if settings.log_format is LogFormat.JSON
        else {
            "()": ConsoleFormatter,
            "format": "%(asctime)s %(levelname)-7s %(message)s",
            "datefmt": "%H:%M:%S",
        }
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"chosen": formatter},
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "chosen",
                    "level": settings.log_level,
                }
            },
            "loggers": {
                "alembic": {"level": "WARNING"},
                "httpx2": {"level": "WARNING"},  # it logs addresses in full
                "httpcore2": {"level": "WARNING"},  # and it what goes over the wire
                "service": {
                    "level": "DEBUG" if settings.log_level == "DEBUG" else "INFO"
                },  # counted all the same
            },
            "root": {"handlers": ["stderr"], "level": settings.log_level},
        }
    )
