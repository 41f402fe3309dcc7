"""Log lines: one event is one line, whatever somebody managed to put into it."""

import errno
import io
import json
import logging
from collections.abc import Iterator

import pytest

from config.logging import ConsoleFormatter, EventFormatter

NASTY = [
    'a\r\n{"level": "INFO", "event": "forged"}',
    "\x1b[2J\x1b[31mred",
    '", "admin": true, "x": "',
    "%s %d %(secret)s",
    "{0.__class__.__init__.__globals__}",
    "\u2028\u2029\x85\x00\x7f",
    "a\ud800b",
]


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def written(formatter: logging.Formatter, event: str, **extra: str) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("masthead.tests")  # noqa: LOG001 - belongs to this test alone
    logger.addHandler(handler)
    logger.warning(event, extra=extra)
    return stream.getvalue()


@pytest.mark.case("INJ-04")
@pytest.mark.parametrize("nasty", NASTY)
def test_a_json_line_stays_one_line_and_says_what_was_said(nasty: str) -> None:
    line = written(EventFormatter(), "refused", path=nasty)
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert line[:-1].isprintable()
    assert json.loads(line)["path"] == nasty
    assert json.loads(line)["event"] == "refused"


@pytest.mark.case("INJ-04")
@pytest.mark.parametrize("nasty", NASTY)
def test_a_line_for_people_stays_one_line(nasty: str) -> None:
    line = written(ConsoleFormatter("%(levelname)s %(message)s"), "refused", path=nasty)
    assert len(line.splitlines()) == 1
    assert line[:-1].isprintable()
    assert line.startswith("WARNING refused")


def test_a_json_line_names_time_level_logger_and_event() -> None:
    line = json.loads(written(EventFormatter(), "mail.sent", letter="x"))
    assert set(line) == {"time", "level", "logger", "event", "letter"}


class FullDisk(io.StringIO):
    """Where nothing fits any more."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.case("FLT-34")
def test_a_full_disk_under_the_log_keeps_nobody_out(
    monkeypatch: pytest.MonkeyPatch, restored_logging: None, make_service, sqlite_url: str
) -> None:
    monkeypatch.setattr("sys.stderr", FullDisk())
    client = make_service(sqlite_url).client()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    assert isinstance(handler.stream, FullDisk)
    logging.getLogger("service").error("nobody_will_read_this")
    wrong = {"email": "ada@example.org", "password": "quiet harbour at noon"}
    assert client.post("/api/v1/login", wrong).status_code == 401
