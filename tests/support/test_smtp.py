"""The mail server of the tests does what its script says."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.smtp import SmtpSink, Stage, Tls


def letter(to: str = "ada@example.org") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "us@example.org", to, "Réinitialiser"
    message.set_content("Choose a new password:\nhttp://localhost:8000/reset-password?token=abc.def-_\n\nBye")
    message.add_alternative("<p>http://other.example/</p>", subtype="html")
    return message


def send(smtp: SmtpSink, message: EmailMessage | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", smtp.port, timeout=5) as connection:
        connection.send_message(message or letter())


def test_a_letter_is_kept_with_its_link(smtp: SmtpSink) -> None:
    send(smtp)
    (kept,) = smtp.wait_for(1, to="ada@example.org")
    assert kept.sender == "us@example.org"
    assert kept.message["Subject"] == "Réinitialiser"
    assert kept.link("/reset-password") == "http://localhost:8000/reset-password?token=abc.def-_"
    assert smtp.to("bob@example.org") == []


@pytest.mark.parametrize(
    ("stage", "answer", "error"),
    [
        ("connect", "554 5.7.1 go away", smtplib.SMTPConnectError),
        ("connect", "421 4.3.2 shutting down", smtplib.SMTPConnectError),
        ("mail", "451 4.3.0 later", smtplib.SMTPSenderRefused),
        ("rcpt", "550 5.1.1 nobody", smtplib.SMTPRecipientsRefused),
        ("data", "452 4.3.1 full", smtplib.SMTPDataError),
        ("message", "554 5.7.1 spam", smtplib.SMTPDataError),
    ],
)
def test_a_fault_strikes_as_often_as_told(
    smtp: SmtpSink, stage: Stage, answer: str, error: type[Exception]
) -> None:
    smtp.fault(stage, answer, times=1)
    with pytest.raises(error):
        send(smtp)
    assert smtp.messages == []
    send(smtp)
    assert len(smtp.messages) == 1


def test_a_fault_can_be_for_one_recipient(smtp: SmtpSink) -> None:
    smtp.fault("rcpt", "550 5.1.1 nobody", recipient="gone@example.org")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtp, letter("gone@example.org"))
    send(smtp)
    assert [kept.recipients for kept in smtp.messages] == [("ada@example.org",)]


def test_the_connection_can_go_before_the_answer(smtp: SmtpSink) -> None:
    smtp.fault("message", drop=True, times=1)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(smtp)
    assert smtp.messages == []


def test_the_connection_can_go_after_the_answer(smtp: SmtpSink) -> None:
    smtp.fault("accepted", drop=True)
    with smtplib.SMTP("127.0.0.1", smtp.port, timeout=5) as connection:
        connection.send_message(letter())
        with pytest.raises(smtplib.SMTPServerDisconnected):
            connection.send_message(letter())
    assert len(smtp.messages) == 1


def test_a_stalled_server_outlasts_the_sender(smtp: SmtpSink) -> None:
    smtp.fault("data", delay=30)
    connection = smtplib.SMTP("127.0.0.1", smtp.port, timeout=0.2)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        connection.send_message(letter())


def test_it_goes_away_and_comes_back(smtp: SmtpSink) -> None:
    smtp.stop()
    with pytest.raises(ConnectionRefusedError):
        send(smtp)
    smtp.start()
    send(smtp)
    assert len(smtp.messages) == 1


def starttls(port: int, context: ssl.SSLContext) -> smtplib.SMTP:
    connection = smtplib.SMTP("localhost", port, timeout=5)
    connection.starttls(context=context)
    return connection


def smtps(port: int, context: ssl.SSLContext) -> smtplib.SMTP:
    return smtplib.SMTP_SSL("localhost", port, timeout=5, context=context)


@pytest.mark.parametrize(("tls", "connect"), [("starttls", starttls), ("smtps", smtps)])
def test_it_speaks_tls_and_checks_logins(
    certificate: Path, tls: Tls, connect: Callable[[int, ssl.SSLContext], smtplib.SMTP]
) -> None:
    sink = SmtpSink(tls=tls, certificate=certificate, login=("user", "pass"))
    sink.start()
    try:
        trusting = ssl.create_default_context(cafile=certificate)
        with connect(sink.port, trusting) as connection, pytest.raises(smtplib.SMTPAuthenticationError):
            connection.login("user", "wrong")
        with connect(sink.port, trusting) as connection:
            connection.login("user", "pass")
            connection.send_message(letter())
        assert len(sink.messages) == 1
    finally:
        sink.stop()
