"""SMTP as it goes wrong: every answer at every step, dead connections, tar-pits, and TLS taken away."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.adapters.transports import open_transport
from service.adapters.transports import smtp as smtp_transport
from service.core.mail import DeliveryRefused, Transport, TransportTrouble
from tests.delivery.mails import mail
from tests.delivery.tarpit import TarPit
from tests.support.processes import free_port
from tests.support.smtp import SmtpSink, Stage, Tls

Opener = Callable[..., Transport]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open transports, closed at the end."""
    transports = []

    def opener(url: str, letter_timeout: float = 10) -> Transport:
        transports.append(open_transport(url, letter_timeout=timedelta(seconds=letter_timeout)))
        return transports[-1]

    yield opener
    for transport in transports:
        transport.close()


@pytest.fixture
def transport(opened: Opener, smtp: SmtpSink) -> Transport:
    return opened(smtp.url)


@pytest.fixture
def secured(certificate: Path) -> Iterator[Callable[..., SmtpSink]]:
    """Mail servers with TLS."""
    sinks = []

    def start(tls: Tls, login: tuple[str, str] | None = None) -> SmtpSink:
        sinks.append(SmtpSink(tls=tls, certificate=certificate, login=login))
        sinks[-1].start()
        return sinks[-1]

    yield start
    for sink in sinks:
        sink.stop()


def trouble(transport: Transport, **changes: object) -> TransportTrouble:
    with pytest.raises(TransportTrouble) as caught:
        transport.send(mail(**changes))
    return caught.value


def test_the_answer_names_the_queue_id_and_the_server(transport: Transport, smtp: SmtpSink) -> None:
    smtp.fault("message", "250 2.0.0 Ok: queued as 4F2A1B")
    assert transport.send(mail()) == f"250 2.0.0 Ok: queued as 4F2A1B (127.0.0.1:{smtp.port})"


def test_letters_follow_each_other_on_one_connection(transport: Transport, smtp: SmtpSink) -> None:
    for number in range(5):
        transport.send(mail(to=f"reader{number}@example.org"))
    assert smtp.connections == 1
    assert [letter.recipients for letter in smtp.messages] == [(f"reader{n}@example.org",) for n in range(5)]


def test_the_envelope_has_the_bare_sender_and_one_recipient(transport: Transport, smtp: SmtpSink) -> None:
    transport.send(mail(sender='"Masthead, The" <accounts@example.org>', to="o'neil+a=b%c!d@example.org"))
    (letter,) = smtp.messages
    assert (letter.sender, letter.recipients) == ("accounts@example.org", ("o'neil+a=b%c!d@example.org",))


def test_a_connection_is_left_after_so_many_letters(
    transport: Transport, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_transport, "MOST_LETTERS", 2)
    for _ in range(5):
        transport.send(mail())
    assert (smtp.connections, len(smtp.messages)) == (3, 5)


def test_a_connection_idle_for_long_is_not_used_again(
    transport: Transport, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport.send(mail())
    monkeypatch.setattr(smtp_transport, "LONGEST_IDLE", 0.0)
    transport.send(mail())
    assert (smtp.connections, len(smtp.messages)) == (2, 2)


def test_a_kept_connection_that_died_is_replaced_before_anybody_notices(
    transport: Transport, smtp: SmtpSink
) -> None:
    transport.send(mail())
    smtp.stop()
    smtp.start()
    transport.send(mail())
    assert (smtp.connections, len(smtp.messages)) == (2, 2)


@pytest.mark.parametrize("stage", ["mail", "rcpt"])
def test_a_server_that_says_goodbye_on_a_kept_connection_is_called_again(
    transport: Transport, smtp: SmtpSink, stage: Stage
) -> None:
    transport.send(mail())
    smtp.fault(stage, "421 4.4.2 idle for too long", times=1)
    transport.send(mail())
    assert (smtp.connections, len(smtp.messages)) == (2, 2)


@pytest.mark.case("FLT-05")
def test_a_server_that_hangs_up_after_its_250_has_the_letter_once(
    transport: Transport, smtp: SmtpSink
) -> None:
    smtp.fault("accepted", drop=True, times=1)
    assert transport.send(mail()).startswith("250")
    transport.send(mail(to="bob@example.org"))
    assert [letter.recipients[0] for letter in smtp.messages] == ["ada@example.org", "bob@example.org"]


def test_threads_send_side_by_side(transport: Transport, smtp: SmtpSink) -> None:
    smtp.fault("data", delay=1)
    started = time.monotonic()
    threads = [
        threading.Thread(target=transport.send, args=(mail(to=f"{number}@example.org", text=f"{number}\n"),))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 3
    assert smtp.connections == 4
    said = {letter.recipients[0]: letter.raw.split(b"\r\n\r\n")[2].split()[0] for letter in smtp.messages}
    assert said == {f"{number}@example.org": str(number).encode() for number in range(4)}


@pytest.mark.case("FLT-01")
def test_a_server_that_is_not_there_is_trouble(opened: Opener) -> None:
    refused = trouble(opened(f"smtp://127.0.0.1:{free_port()}"))
    assert refused.answer.startswith("ConnectionRefusedError")
    assert not refused.may_have_left


@pytest.mark.case("FLT-01")
def test_a_name_dns_does_not_know_is_trouble(opened: Opener) -> None:
    unknown = trouble(opened("smtp://mail.invalid"))
    assert unknown.answer.startswith("gaierror")
    assert not unknown.may_have_left


@pytest.mark.case("FLT-02")
@pytest.mark.parametrize("answer", ["421 4.3.2 shutting down", "451 4.3.0 later", "452 4.2.2 mailbox full"])
@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data", "message"])
def test_a_temporary_answer_is_trouble_and_the_next_try_works(
    transport: Transport, smtp: SmtpSink, stage: Stage, answer: str
) -> None:
    smtp.fault(stage, answer, times=1)
    temporary = trouble(transport)
    assert temporary.answer == f"{answer} (127.0.0.1:{smtp.port})"
    assert not temporary.may_have_left
    transport.send(mail())
    assert len(smtp.messages) == 1


@pytest.mark.case("FLT-03")
@pytest.mark.parametrize("stage", ["rcpt", "data", "message"])
def test_a_final_answer_about_the_letter_is_a_refusal_and_keeps_the_connection(
    transport: Transport, smtp: SmtpSink, stage: Stage
) -> None:
    smtp.fault(stage, "550 5.1.1 nobody\tof that name\x07", times=1)
    with pytest.raises(DeliveryRefused) as refusal:
        transport.send(mail())
    assert refusal.value.answer == f"550 5.1.1 nobody of that name (127.0.0.1:{smtp.port})"
    transport.send(mail())
    assert (smtp.connections, len(smtp.messages)) == (1, 1)


@pytest.mark.parametrize("stage", ["connect", "mail"])
def test_a_final_answer_about_us_is_trouble_and_a_case_for_the_operator(
    transport: Transport, smtp: SmtpSink, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    smtp.fault(stage, "554 5.7.1 <accounts@example.org> may not send", times=1)
    refused = trouble(transport)
    assert not refused.may_have_left
    (alert,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert "accounts@" not in str(alert.__dict__)
    assert "554 5.7.1" in str(alert.__dict__)
    transport.send(mail())
    assert len(smtp.messages) == 1


@pytest.mark.case("FLT-04")
def test_a_connection_lost_before_the_last_answer_may_have_taken_the_letter(
    transport: Transport, smtp: SmtpSink
) -> None:
    smtp.fault("message", drop=True, times=1)
    lost = trouble(transport)
    assert lost.may_have_left
    assert smtp.connections == 1  # nothing was sent twice on our own account


@pytest.mark.case("FLT-04")
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_connection_lost_before_the_text_has_not_taken_the_letter(
    transport: Transport, smtp: SmtpSink, stage: Stage
) -> None:
    smtp.fault(stage, drop=True, times=1)
    assert not trouble(transport).may_have_left


@pytest.mark.case("FLT-04")
def test_an_answer_nobody_understands_leaves_the_letter_in_doubt(
    transport: Transport, smtp: SmtpSink
) -> None:
    smtp.fault("message", "what was that?", times=1)
    assert trouble(transport).may_have_left
    transport.send(mail())
    assert smtp.connections == 2


@pytest.mark.case("FLT-06")
@pytest.mark.parametrize("flood", [False, True], ids=["trickle", "flood"])
@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data", "message"])
def test_a_tar_pit_holds_a_letter_no_longer_than_the_limit(opened: Opener, stage: Stage, flood: bool) -> None:
    with TarPit(stage, flood=flood) as pit:
        started = time.monotonic()
        stuck = trouble(opened(pit.url, letter_timeout=0.3))
        assert time.monotonic() - started < 5
        assert stuck.may_have_left == (stage == "message")


@pytest.mark.case("FLT-06")
def test_a_tar_pit_on_a_kept_connection_gets_no_second_limit(opened: Opener, smtp: SmtpSink) -> None:
    transport = opened(smtp.url, letter_timeout=0.5)
    transport.send(mail())
    smtp.fault("rcpt", delay=30)
    started = time.monotonic()
    trouble(transport)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("tls", ["starttls", "smtps"])
def test_a_server_with_a_good_certificate_gets_letters(
    secured: Callable[..., SmtpSink], opened: Opener, certificate: Path, tls: str
) -> None:
    sink = secured(tls, ("masthead", "p%w"))
    url = sink.url.replace("p%w", "p%25w") + ("&" if "?" in sink.url else "?") + f"ca={certificate}"
    transport = opened(url, letter_timeout=30)
    transport.send(mail(html="<p>" + "ü" * 40_000))
    transport.send(mail())
    assert (sink.connections, len(sink.messages)) == (1, 2)


@pytest.mark.case("FLT-07")
@pytest.mark.parametrize("tls", ["starttls", "smtps"])
def test_a_certificate_nobody_vouches_for_stops_the_letter(
    secured: Callable[..., SmtpSink], opened: Opener, tls: str, caplog: pytest.LogCaptureFixture
) -> None:
    sink = secured(tls)
    refused = trouble(opened(sink.url))
    assert "CERTIFICATE_VERIFY_FAILED" in refused.answer
    assert not refused.may_have_left
    assert sink.messages == []
    assert [record.levelno for record in caplog.records if record.name.startswith("service")] == [
        logging.ERROR
    ]


@pytest.mark.case("FLT-07")
def test_a_certificate_for_another_name_stops_the_letter(
    secured: Callable[..., SmtpSink], opened: Opener, certificate: Path
) -> None:
    sink = secured("smtps")
    refused = trouble(
        opened(f"smtps://127.1:{sink.port}?ca={certificate}")
    )  # leads to 127.0.0.1, is not its name
    assert "CERTIFICATE_VERIFY_FAILED" in refused.answer
    assert sink.messages == []


@pytest.mark.case("FLT-07")
def test_starttls_taken_out_on_the_way_stops_letter_and_password(
    smtp: SmtpSink, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    refused = trouble(opened(f"smtp://masthead:s3cret@127.0.0.1:{smtp.port}?tls=starttls"))
    assert "STARTTLS" in refused.answer
    assert smtp.messages == []
    assert [record.levelno for record in caplog.records if record.name.startswith("service")] == [
        logging.ERROR
    ]
    assert "s3cret" not in caplog.text


@pytest.mark.case("FLT-07")
@pytest.mark.parametrize("answer", ["454 4.7.0 not now", "250 sure, in clear", "502 5.5.1 what?"])
def test_a_server_that_will_not_start_tls_gets_nothing(
    secured: Callable[..., SmtpSink], opened: Opener, certificate: Path, answer: str
) -> None:
    sink = secured("starttls")
    sink.fault("starttls", answer)
    trouble(opened(f"{sink.url}&ca={certificate}"))
    assert sink.messages == []


def test_a_login_that_fails_is_the_operators_and_never_shown(
    opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    sink = SmtpSink(login=("masthead", "right"))
    sink.start()
    refused = trouble(opened(f"smtp://masthead:s3cret@127.0.0.1:{sink.port}"))
    sink.stop()
    assert refused.answer.startswith("535")
    assert not refused.may_have_left
    assert any(record.levelno == logging.ERROR for record in caplog.records)
    assert "s3cret" not in caplog.text + refused.answer


@pytest.mark.case("INJ-06")
def test_smuggling_stays_one_message(transport: Transport, smtp: SmtpSink) -> None:
    smuggled = (
        "Hello\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nboo\r\n.\r\n"
    )
    transport.send(mail(text=smuggled, html="\n.\n..\n...\n" + "x" * 5000))
    (letter,) = smtp.messages
    assert letter.recipients == ("ada@example.org",)
    assert b"\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n" in letter.raw  # unstuffed by the server, in the body
    assert letter.raw.count(b"\r") == letter.raw.count(b"\n") == letter.raw.count(b"\r\n")


def test_close_says_goodbye(transport: Transport, smtp: SmtpSink) -> None:
    transport.send(mail())
    transport.close()
    transport.close()
    transport.send(mail())
    assert (smtp.connections, len(smtp.messages)) == (2, 2)


def test_a_check_goes_as_far_as_signing_in(opened: Opener, smtp: SmtpSink) -> None:
    opened(smtp.url).check()
    assert (smtp.connections, smtp.messages) == (1, [])
    smtp.stop()
    with pytest.raises(TransportTrouble):
        opened(smtp.url).check()


def test_trouble_before_the_recipient_is_named_is_about_the_server_and_later_it_is_not(
    opened: Opener, transport: Transport, smtp: SmtpSink
) -> None:
    assert trouble(opened(f"smtp://127.0.0.1:{free_port()}")).about_server
    smtp.fault("mail", "451 4.3.0 later", times=1)
    assert trouble(transport).about_server
    for stage in ("rcpt", "data", "message"):
        smtp.fault(stage, "451 4.3.0 later", times=1)
        assert not trouble(transport).about_server
        smtp.fault(stage, drop=True, times=1)
        assert not trouble(opened(smtp.url)).about_server


@pytest.mark.parametrize(("stage", "about"), [("rcpt", True), ("data", False), ("message", False)])
def test_only_a_no_to_rcpt_is_about_the_recipient(
    transport: Transport, smtp: SmtpSink, stage: Stage, about: bool
) -> None:
    smtp.fault(stage, "550 5.1.1 no", times=1)
    with pytest.raises(DeliveryRefused) as refusal:
        transport.send(mail())
    assert refusal.value.about_recipient == about


def test_bounces_go_where_the_letter_says(transport: Transport, smtp: SmtpSink) -> None:
    transport.send(mail(return_path="bounces+abc@example.org"))
    (letter,) = smtp.messages
    assert letter.sender == "bounces+abc@example.org"
    assert letter.message["From"] == "The Masthead <accounts@example.org>"
    with pytest.raises(DeliveryRefused):
        transport.send(mail(return_path="a@example.org> SIZE=1\r\nRCPT TO:<eve@evil.example"))
