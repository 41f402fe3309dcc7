"""The bytes of a letter: whatever it says, one message, its headers and nothing else (INJ-05, INJ-06)."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.transports.message import mail_bytes, mailbox
from service.core.mail import DeliveryRefused, OutgoingMail
from tests.delivery.mails import mail

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Language",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]
TEXT = st.text(st.characters(codec="utf-8")) | st.text(st.sampled_from("a.\r\n -="), max_size=80)


def parse(letter: OutgoingMail) -> EmailMessage:
    raw = mail_bytes(letter)
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert b"\0" not in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return message_from_bytes(raw, policy=policy.default)


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode().replace("\r\n", "\n")


@pytest.mark.case("INJ-06")
@settings(deadline=None)
@given(text=TEXT, html=TEXT)
def test_any_text_survives_as_the_text_of_one_message(text: str, html: str) -> None:
    message = parse(mail(text=text, html=html))
    assert message.keys() == HEADERS
    assert not message.defects
    for kind, said in (("plain", text), ("html", html)):
        expected = said.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
        assert text_of(message, kind) == expected


@pytest.mark.case("INJ-05")
@settings(deadline=None)
@given(subject=st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_subject_is_one_header_or_refused(subject: str) -> None:
    try:
        message = parse(mail(subject=subject))
    except DeliveryRefused:
        assert not subject.isprintable()
    else:
        assert message.keys() == HEADERS


@pytest.mark.case("INJ-06")
@pytest.mark.parametrize("end", ["\r\n.\r\n", "\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r.\r\n"])
def test_no_spelling_of_the_end_of_data_is_left_in_a_body(end: str) -> None:
    text = f"Hello{end}MAIL FROM:<eve@evil.example>\r\nRCPT TO:<bob@example.org>{end}"
    assert text_of(parse(mail(text=text))).splitlines()[:3] == ["Hello", ".", "MAIL FROM:<eve@evil.example>"]


@pytest.mark.case("INJ-06")
@pytest.mark.parametrize("character", ["x", "ü", "字"])
def test_a_line_of_any_length_is_broken_for_the_wire_and_whole_for_the_reader(character: str) -> None:
    line = character * 20_000
    assert text_of(parse(mail(text=line))) == line + "\n"


def test_plain_ascii_goes_out_as_it_is_so_that_links_stay_readable() -> None:
    assert b"\r\nhttps://example.org/reset-password?token=abc.def-_\r\n" in mail_bytes(mail())


def test_a_boundary_written_into_a_letter_is_not_used() -> None:
    boundary = parse(mail()).get_boundary()
    message = parse(mail(text=f"--{boundary}\nContent-Type: text/html\n\n<p>not ours"))
    assert len(list(message.iter_parts())) == 2
    assert text_of(message).startswith(f"--{boundary}\n")


@pytest.mark.case("INJ-05")
@pytest.mark.parametrize(
    ("written", "header"),
    [
        ("accounts@example.org", "accounts@example.org"),
        ("The Masthead <accounts@example.org>", "The Masthead <accounts@example.org>"),
        ('"Masthead, The" <accounts@example.org>', '"Masthead, The" <accounts@example.org>'),
        ("=?utf-8?q?Sch=C3=B6n?= <accounts@example.org>", "=?utf-8?b?U2Now7Zu?=\r\n <accounts@example.org>"),
        ("=?nonsense?q?x?= <accounts@example.org>", "=?nonsense?q?x?= <accounts@example.org>"),
        ("Schön <accounts@example.org>", "=?utf-8?b?U2Now7Zu?=\r\n <accounts@example.org>"),
    ],
)
def test_a_display_name_is_quoted_or_encoded(written: str, header: str) -> None:
    assert mailbox(written) == header


@pytest.mark.case("INJ-05")
def test_an_encoded_word_somebody_typed_is_shown_as_typed() -> None:
    typed = "=?utf-8?q?Your_bank?="
    assert parse(mail(subject=f"{typed} writes"))["Subject"] == f"{typed} writes"


def test_an_encoded_word_cannot_smuggle_a_header_into_the_sender() -> None:
    with pytest.raises(DeliveryRefused):
        mail_bytes(mail(sender="=?utf-8?q?x=0D=0ABcc=3A_eve=40evil.example?= <accounts@example.org>"))
