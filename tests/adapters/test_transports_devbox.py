"""The dev mailbox: what was sent can be looked at, and nothing else can."""

import threading
from pathlib import Path

import pytest

from service.adapters.transports import open_transport
from service.adapters.transports.devbox import DevMailbox
from service.core.mail import TransportTrouble
from tests.delivery.mails import mail


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "devbox"


def send(folder: Path, **changes: object) -> None:
    open_transport("devbox:", devbox=folder).send(mail(**changes))


def test_an_empty_mailbox_has_no_letters(folder: Path) -> None:
    assert DevMailbox(folder).letters() == []


def test_letters_are_listed_newest_first(folder: Path) -> None:
    for number in range(12):
        send(folder, to=f"reader{number}@example.org", subject=f"Nummer „{number}“")
    letters = DevMailbox(folder).letters()
    assert [letter.to for letter in letters] == [
        f"reader{number}@example.org" for number in reversed(range(12))
    ]
    assert letters[0].subject == "Nummer „11“"
    assert letters[0].date_text == "22 November 2026, 18:06:00"
    assert len(DevMailbox(folder).letters(most=3)) == 3


def test_a_letter_opens_with_headers_both_parts_and_its_links(folder: Path) -> None:
    send(folder, text="See https://example.org/a?x=1.\n\n(https://example.org/b)\n", html="<p>Hello</p>\n")
    mailbox = DevMailbox(folder)
    (listed,) = mailbox.letters()
    letter = mailbox.letter(listed.id)
    assert letter == listed
    assert ("Auto-Submitted", "auto-generated") in letter.headers
    assert letter.text == "See https://example.org/a?x=1.\n\n(https://example.org/b)\n"
    assert letter.html == "<p>Hello</p>\n"
    assert letter.links == ["https://example.org/a?x=1", "https://example.org/b"]
    assert letter.raw.startswith(b"From: The Masthead <accounts@example.org>\n")


@pytest.mark.case("INJ-08")
@pytest.mark.parametrize(
    "letter_id",
    [
        "",
        ".",
        "..",
        "../secret",
        "new/../../secret",
        "/etc/passwd",
        "1.M1P1Q1.host/../../secret",
        "1.M1P1Q1.host",
        "a\0b",
    ],
)
def test_an_id_that_is_not_a_letters_opens_nothing(folder: Path, letter_id: str) -> None:
    send(folder)
    (folder.parent / "secret").write_text("Subject: secret\n\n")
    assert DevMailbox(folder).letter(letter_id) is None


def test_only_the_owner_can_look_inside(folder: Path) -> None:
    send(folder)
    assert folder.stat().st_mode & 0o077 == 0


def test_threads_do_not_lose_each_others_letters(folder: Path) -> None:
    transport = open_transport("devbox:", devbox=folder)
    threads = [threading.Thread(target=lambda: [transport.send(mail()) for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(DevMailbox(folder).letters()) == 40


def test_a_folder_that_cannot_be_written_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TransportTrouble):
        send(tmp_path / "file" / "box")
