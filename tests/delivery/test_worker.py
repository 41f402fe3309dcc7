"""A row of the outbox from its claim to what the record says of it."""

import logging
from dataclasses import replace
from datetime import datetime

import pytest

from service.core.ports import Prepare, UnitOfWork
from service.core.values import Letter, OutboxRow, Outcome, Priority
from service.delivery.letters import Letters
from service.delivery.worker import Worker
from tests.delivery.office import BRAND, NOON, TEMPLATES, Office, reset_letter
from tests.support.smtp import SmtpSink, wait_until


def test_a_row_becomes_a_letter_and_a_record(office: Office, smtp: SmtpSink) -> None:
    row_id = office.add("ada@example.org", context={"name": "Ada"})
    assert office.worker().drain() == 1
    (letter,) = smtp.messages
    assert letter.recipients == ("ada@example.org",)
    assert letter.message["Message-ID"] == f"<{row_id}@example.org>"
    assert letter.message["Date"] == "Sun, 22 Nov 2026 12:00:00 +0000"
    assert "Hello Ada," in letter.raw.decode()
    assert letter.link("/reset-password").startswith("https://example.org/reset-password?token=")
    row = office.row(row_id)
    assert (row["outcome"], row["settled_at"], row["attempts"]) == (Outcome.SENT, NOON, 1)
    assert row["answer"] == f"250 OK (127.0.0.1:{smtp.port})"
    assert row["context"] == {}


def test_an_empty_outbox_is_nothing_to_do(quick_office: Office) -> None:
    assert quick_office.worker().drain() == 0


def test_every_row_due_is_delivered_and_no_other(office: Office, smtp: SmtpSink) -> None:
    for number in range(7):
        office.add(f"reader{number}@example.org")
    office.clock.turn(minutes=1)
    office.add("later@example.org")
    office.clock.turn(minutes=-1)
    assert office.worker().drain() == 7
    assert len(smtp.messages) == 7
    assert smtp.connections == 1
    assert office.outcomes()["later@example.org"] is None


def test_resets_go_before_notices(office: Office, smtp: SmtpSink) -> None:
    for name, priority in (
        ("notice", Priority.NOTICE),
        ("verify", Priority.VERIFY),
        ("reset", Priority.RESET),
    ):
        office.add(f"{name}@example.org", priority=priority)
        office.clock.turn(seconds=1)
    office.worker().drain()
    assert [letter.recipients[0].split("@")[0] for letter in smtp.messages] == ["reset", "verify", "notice"]


@pytest.mark.parametrize("outcome", [Outcome.NO_ACCOUNT, Outcome.SUPERSEDED])
def test_a_flow_that_has_nothing_to_tell_settles_the_row(
    quick_office: Office, smtp: SmtpSink, outcome: Outcome
) -> None:
    row_id = quick_office.add("nobody@example.org")
    quick_office.worker(book={"password_reset": lambda row, uow, signed_at: outcome}).drain()
    assert quick_office.row(row_id)["outcome"] == outcome
    assert smtp.connections == 0


def test_what_a_flow_writes_commits_with_its_decision(office: Office, smtp: SmtpSink) -> None:
    def decide(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        uow.audit.record("seen", at=signed_at)
        return reset_letter(row, uow, signed_at)

    office.add("ada@example.org")
    office.worker(book={"password_reset": decide}).drain()
    with office.store.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_events").scalar() == 1


def test_the_letter_goes_where_the_flow_says_with_the_domain_as_dns_knows_it(
    quick_office: Office, smtp: SmtpSink
) -> None:
    def decide(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        letter = reset_letter(row, uow, signed_at)
        assert isinstance(letter, Letter)
        return replace(letter, to="Zoe@bücher.example")

    quick_office.add("zoe@xn--bcher-kva.example")
    quick_office.worker(book={"password_reset": decide}).drain()
    assert smtp.messages[0].recipients == ("Zoe@xn--bcher-kva.example",)


def test_the_sender_and_where_to_reply(quick_office: Office, smtp: SmtpSink) -> None:
    quick_office.add("ada@example.org")
    quick_office.worker(
        sender="Das Schöne Blatt <konto@bücher.example>", reply_to="hilfe@bücher.example"
    ).drain()
    (letter,) = smtp.messages
    assert letter.sender == "konto@xn--bcher-kva.example"
    assert letter.message["From"] == "Das Schöne Blatt <konto@xn--bcher-kva.example>"
    assert letter.message["Reply-To"] == "hilfe@xn--bcher-kva.example"
    assert letter.message["Message-ID"].endswith("@xn--bcher-kva.example>")


@pytest.mark.case("FLT-09")
def test_a_row_whose_time_is_over_is_never_sent(quick_office: Office, smtp: SmtpSink) -> None:
    row_id = quick_office.add("ada@example.org")
    quick_office.clock.turn(hours=1)
    assert quick_office.worker().drain() == 1
    assert quick_office.row(row_id)["outcome"] == Outcome.EXPIRED
    assert smtp.connections == 0


@pytest.mark.case("FLT-03")
def test_a_refused_letter_is_final_after_one_try(quick_office: Office, smtp: SmtpSink) -> None:
    smtp.fault("rcpt", "550 5.1.1 no such mailbox", recipient="gone@example.org")
    gone, _ = quick_office.add("gone@example.org"), quick_office.add("ada@example.org")
    assert quick_office.worker().drain() == 2
    row = quick_office.row(gone)
    assert (row["outcome"], row["attempts"]) == (Outcome.REFUSED, 1)
    assert row["answer"] == f"550 5.1.1 no such mailbox (127.0.0.1:{smtp.port})"
    assert quick_office.outcomes()["ada@example.org"] == Outcome.SENT


@pytest.mark.case("RST-08", "FLT-08")
@pytest.mark.parametrize(
    "address",
    [
        "ada@example.org\r\nBcc: eve@evil.example",
        "ada@example.org\nRCPT TO:<eve@evil.example>",
        "ada@example.org,eve@evil.example",
        "ada@example.org;eve@evil.example",
        "ädä@example.org",
        "Ada <ada@example.org>",
        "",
        "ada",
    ],
)
def test_a_poisoned_row_is_parked_and_the_others_go_on(
    quick_office: Office, smtp: SmtpSink, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned, _ = quick_office.add(address), quick_office.add("bob@example.org")
    assert quick_office.worker().drain() == 2
    assert [letter.recipients for letter in smtp.messages] == [("bob@example.org",)]
    row = quick_office.row(poisoned)
    assert (row["outcome"], row["answer"], row["context"]) == (Outcome.BROKEN, "ValidationFailed", {})
    (alert,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert str(poisoned) in str(alert.__dict__)
    assert "example" not in str(alert.__dict__)


def broken_flow(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
    uow.audit.record("half", at=signed_at)
    raise RuntimeError(f"secret of {row.address}")


def letter_without_its_values(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
    return Letter("password_reset", row.address, "en", {})


def letter_without_template(row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
    return Letter("../../etc", row.address, "en", {})


@pytest.mark.case("FLT-08")
@pytest.mark.parametrize(
    ("prepare", "error"),
    [
        (broken_flow, "RuntimeError"),
        (letter_without_its_values, "UndefinedError"),
        (letter_without_template, "ValueError"),
    ],
)
def test_a_letter_that_cannot_be_made_is_parked_without_telling_what_it_says(
    quick_office: Office, smtp: SmtpSink, prepare: Prepare, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = quick_office.add("ada@example.org", letter="broken")
    quick_office.add("bob@example.org")
    quick_office.worker(book={"broken": prepare, "password_reset": reset_letter}).drain()
    row = quick_office.row(broken)
    assert (row["outcome"], row["answer"]) == (Outcome.BROKEN, error)
    assert quick_office.outcomes()["bob@example.org"] == Outcome.SENT
    assert "secret of" not in str([record.__dict__ for record in caplog.records])
    with quick_office.store.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_events").scalar() == 0


@pytest.mark.case("FLT-35")
def test_a_letter_only_a_newer_version_knows_is_left_to_it(quick_office: Office, smtp: SmtpSink) -> None:
    row_id = quick_office.add("ada@example.org", letter="of_tomorrow")
    quick_office.worker().drain()
    assert quick_office.row(row_id)["outcome"] is None
    quick_office.clock.turn(seconds=10)
    quick_office.worker(book={"of_tomorrow": reset_letter}).drain()
    assert quick_office.row(row_id)["outcome"] == Outcome.SENT


def test_logs_say_what_became_of_a_row_and_not_whose_it_was(
    quick_office: Office, smtp: SmtpSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service")
    smtp.fault("rcpt", "550 5.1.1 <gone@example.org> unknown", recipient="gone@example.org")
    sent, refused = quick_office.add("ada@example.org"), quick_office.add("gone@example.org")
    quick_office.worker().drain()
    settled = [
        record.__dict__ for record in caplog.records if record.__dict__.get("event") == "outbox.settled"
    ]
    assert [(about["row_id"], about["outcome"], about["code"]) for about in settled] == [
        (str(sent), "sent", "250"),
        (str(refused), "refused", "550 5.1.1"),
    ]
    logged = str([record.__dict__ for record in caplog.records if record.name.startswith("service")])
    assert "@example.org" not in logged
    assert "token" not in logged


def test_a_worker_without_transport_does_not_start(quick_office: Office) -> None:
    letters = Letters(TEMPLATES, None, BRAND)
    with pytest.raises(ValueError):
        Worker(
            quick_office.store,
            {},
            letters,
            [],
            quick_office.clock,
            sender="a@example.org",
            on_refusal=lambda row, uow, answer: None,
        )


def test_what_is_over_is_thrown_away(office: Office, smtp: SmtpSink) -> None:
    office.add("ada@example.org")
    office.worker().drain()
    office.clock.turn(days=89)
    with office.working(office.worker()):
        office.add("bob@example.org")
        smtp.wait_for(2)
    assert len(office.rows()) == 2
    office.clock.turn(days=2)
    with office.working(office.worker()):
        wait_until(lambda: len(office.rows()) == 1)
