"""What every list of known passwords does, wherever it is kept, and what each does with trouble."""

import logging
import re
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.adapters.breach import open_blocklist, range_service
from service.adapters.breach.password_file import MOST_LINES
from service.adapters.breach.range_service import BreachListAway, RangeService
from service.adapters.breach.ranges import LONGEST_RANGE, cut, holds
from service.core.passwords import CommonPasswords
from service.core.ports import BreachList
from tests.support.range_server import RangeServer

KNOWN = ["password", "trustno1", "iloveyou"]
SPACED = " café  au lait "  # composed, spaces and all
NEW = ["sepia lantern forty-two", "ssword-x", "password2039-x", "", "e" * 256, "🦊 fox"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the downloader leaves, in both its ways of naming files."""
    made = tmp_path / "ranges"
    made.mkdir()
    for place, password in enumerate([*KNOWN, SPACED]):
        prefix, suffix = cut(password)
        beside = [f"{'0' * 35}:2", f"{suffix}:{place + 1}", f"{'F' * 35}:7"]
        (made / (f"{prefix}.txt" if place % 2 else prefix)).write_bytes("\r\n".join(beside).encode())
    return made


@pytest.fixture(params=["bundled", "file", "folder", "service"])
def known(request: pytest.FixtureRequest, tmp_path: Path) -> BreachList:
    """Each list there is, knowing the same passwords."""
    if request.param == "bundled":
        return CommonPasswords()
    if request.param == "folder":
        return open_blocklist(request.getfixturevalue("folder"))
    if request.param == "file":
        (tmp_path / "list.txt").write_text("\n".join([*KNOWN, "", SPACED]))
        return open_blocklist(tmp_path / "list.txt")
    ranges: RangeServer = request.getfixturevalue("ranges")
    for password in [*KNOWN, SPACED]:
        ranges.add(password, count=5)
    return RangeService(ranges.url)


def test_a_list_knows_what_is_on_it_and_nothing_else(known: BreachList) -> None:
    assert [password for password in KNOWN if not known.knows(password)] == []
    assert [password for password in NEW if known.knows(password)] == []
    if not isinstance(known, CommonPasswords):
        assert known.knows(SPACED)
        assert not known.knows(SPACED.strip())


# The service


def test_the_service_learns_five_digits_and_who_we_are_and_no_more(ranges: RangeServer) -> None:
    for url in (ranges.url, ranges.url.rstrip("/")):
        assert RangeService(url).knows("password")
    asked, again = ranges.requests
    assert asked.path == again.path
    assert (asked.method, asked.path, asked.params) == ("GET", "/range/5BAA6", {})
    assert asked.headers["User-Agent"].startswith("Masthead/")
    assert asked.headers["Add-Padding"] == "true"
    assert "Cookie" not in asked.headers


def test_padding_is_no_password(ranges: RangeServer) -> None:
    ranges.add("quiet harbour at noon", count=0)
    assert not RangeService(ranges.url).knows("quiet harbour at noon")


TROUBLES: dict[str, tuple[dict[str, Any], str]] = {
    "an error": ({"status": 503, "body": "away"}, "status 503"),
    "too many questions": ({"status": 429}, "status 429"),
    "another place": ({"redirect": "http://127.0.0.1:9/range/5BAA6"}, "status 302"),
    "a page": (
        {"body": "<html>Welcome to our hotel</html>", "content_type": "text/html"},
        "no range of SHA-1 hashes",
    ),
    "NTLM": ({"body": "0" * 27 + ":1"}, "no range of SHA-1 hashes"),
    "nothing": ({"status": 200, "body": ""}, "no range, or a very long one"),
    "no end": ({"huge": True}, "too long or too slow"),
    "silence": ({"delay": 60}, "no answer within 1 s|ReadTimeout"),
}


@pytest.mark.case("FLT-29")
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_service_in_trouble_says_no_quickly_is_logged_and_left_alone_for_a_while(
    ranges: RangeServer, trouble: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = RangeService(ranges.url)
    fault, cause = TROUBLES[trouble]
    ranges.fault("range", **fault)
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert not service.knows("password")
        assert not service.knows("password")
    assert time.monotonic() - begun < 10
    assert len(ranges.asked("range")) == 1
    (record,) = caplog.records
    assert record.message == "breach_list_away"
    assert re.fullmatch(cause, vars(record)["cause"])
    assert "5BAA6" not in str(vars(record))
    with pytest.raises(BreachListAway):
        service.check()

    ranges.faults.clear()
    now = time.monotonic() + 31
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert service.knows("password")
    service.check()


@pytest.mark.case("FLT-29")
def test_a_service_that_is_gone_says_no_and_why(
    ranges: RangeServer, caplog: pytest.LogCaptureFixture
) -> None:
    ranges.stop()
    with caplog.at_level(logging.WARNING):
        assert not RangeService(ranges.url).knows("password")
    assert [vars(record)["cause"] for record in caplog.records] == ["ConnectError"]


def test_a_name_server_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(range_service, "LONGEST_WAIT", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert not RangeService("http://ranges.example/range/").knows("password")
    assert time.monotonic() - begun < 1
    assert [vars(record)["cause"] for record in caplog.records] == ["no answer within 0.2 s"]


def test_silence_keeps_no_thread_for_long(ranges: RangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(range_service, "PAUSE", 0.0)
    service = RangeService(ranges.url)
    ranges.fault("range", delay=60, times=range_service.AT_ONCE)
    with ThreadPoolExecutor(range_service.AT_ONCE) as crowd:
        answers = crowd.map(service.knows, ["password"] * range_service.AT_ONCE)
        assert not any(list(answers))
    time.sleep(0.5)
    assert service.knows("password")


@pytest.mark.parametrize("is_trusted", [True, False])
def test_the_service_has_to_show_a_certificate_that_is_trusted(
    ranges: RangeServer, certificate: Path, is_trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(range_service, "LONGEST_WAIT", 10.0)
    ranges.stop()
    ranges.start(certificate)
    own = ssl.create_default_context(cafile=certificate if is_trusted else None)
    monkeypatch.setattr(range_service, "trusted", lambda: own)
    service = RangeService(ranges.url.replace("http:", "https:"))
    assert service.knows("password") is is_trusted


def test_a_proxy_of_the_environment_learns_nothing(
    ranges: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert RangeService(ranges.url).knows("password")


def test_a_long_range_is_read_to_its_end(ranges: RangeServer) -> None:
    _, suffix = cut("password")
    lines = [f"{suffix}:1", *(f"{number:035X}:1" for number in range(20_000))]
    ranges.fault("range", body="\n".join(lines))
    assert RangeService(ranges.url).knows("password")


def test_a_service_without_the_commonest_password_is_no_list(ranges: RangeServer) -> None:
    ranges.fault("range", body="0" * 35 + ":1")
    with pytest.raises(BreachListAway) as refused:
        RangeService(ranges.url).check()
    assert str(refused.value) == "does not know the commonest password"


# The folder


def test_a_range_that_cannot_be_read_says_no_and_is_logged_without_its_name(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = open_blocklist(folder)
    prefix, _ = cut(KNOWN[0])
    (folder / prefix).write_bytes(b"\xff\xfe")
    with caplog.at_level(logging.WARNING):
        assert not known.knows(KNOWN[0])
    (folder / prefix).unlink()
    (folder / prefix).mkdir()
    with caplog.at_level(logging.WARNING):
        assert not known.knows(KNOWN[0])
    assert [(record.message, vars(record)["cause"]) for record in caplog.records] == [
        ("breach_list_unreadable", "ValueError"),
        ("breach_list_unreadable", "IsADirectoryError"),
    ]
    assert prefix not in str([vars(record) for record in caplog.records if record.exc_info is None])
    assert known.knows(KNOWN[1])


def test_a_range_has_whole_hashes_that_were_counted() -> None:
    _, suffix = cut("password")
    assert holds(f"{suffix}:1".encode(), suffix)
    assert not holds(f"{suffix}:000".encode(), suffix)
    for text in (
        b"",
        b"\r\n",
        f"{suffix}:".encode(),
        f"{suffix}:1\n{suffix}".encode(),
        f"0{suffix}:1".encode(),
    ):
        with pytest.raises(ValueError):
            holds(text, suffix)
    with pytest.raises(ValueError):
        holds(f"{suffix}:1\n".encode() * (LONGEST_RANGE // 38 + 1), suffix)


# The file


def test_a_file_is_asked_whatever_the_case_and_the_line_ends(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes("Masthead2039\r\nStraße am Meer\r\ncafe\u0301".encode())
    known = open_blocklist(tmp_path / "list.txt")
    for password in ("masthead2039", "MASTHEAD2039", "STRASSE AM MEER", "café"):
        assert known.knows(password)
    assert not known.knows("cafe")
    assert str(known) == f"3 passwords of {tmp_path}/list.txt"


def test_a_file_may_have_as_many_lines_as_is_said(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"a\n" * MOST_LINES)
    assert open_blocklist(tmp_path / "list.txt").knows("a")


def _lines(path: Path) -> None:
    path.write_bytes(b"a\n" * (MOST_LINES + 1))


def _folder_of(name: str, text: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.mkdir()
        (path / name).write_text(text)

    return make


MISTAKES: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing there": (lambda path: None, "it cannot be read (No such file or directory)"),
    "an empty file": (Path.touch, "there are no passwords in the file"),
    "too long": (_lines, "more than 200,000 lines"),
    "another alphabet": (lambda path: path.write_bytes(b"one\ncaf\xe9\n"), "line 2 is no UTF-8"),
    "no lines": (lambda path: path.write_bytes(b"x" * 5000), "line 1 is too long for a password"),
    "hashes": (lambda path: path.write_text("ABCDE" * 8 + ":12\n"), "line 1 is a hash"),
    "an empty folder": (Path.mkdir, "no ranges such as 00000.txt"),
    "another folder": (_folder_of("passwords.txt", "one"), "no ranges such as 00000.txt"),
    "a range without end": (
        _folder_of("00000.txt", f"{'0' * 35}:1\n" * (LONGEST_RANGE // 38 + 1)),
        "00000.txt in the folder is no range, or a very long one",
    ),
    "a folder of NTLM": (_folder_of("00000.txt", "0" * 27 + ":1"), "00000.txt in the folder is no range"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_list_that_cannot_be_used_is_refused_with_what_is_wrong(mistake: str, tmp_path: Path) -> None:
    make, sentence = MISTAKES[mistake]
    make(tmp_path / "list")
    with pytest.raises(ValueError) as refused:
        open_blocklist(tmp_path / "list")
    assert sentence in str(refused.value)
