"""`flask mail`: test letters, timelines, the suppression list, and bounces as a mail server pipes them in."""

from collections.abc import Callable
from email import message_from_bytes

import pytest

from tests.adapters.bounces import a_bounce
from tests.cli.conftest import Run, printed, runner
from tests.support.people import ADDRESS, add_reader
from tests.support.service import Service
from tests.support.smtp import SmtpSink

Make = Callable[..., Service]


@pytest.fixture
def bouncing(make_service: Make, database: str) -> Service:
    return make_service(database, mail_bounce_address="bounces@example.org")


def test_a_test_letter_goes_out_by_every_way_and_every_answer_is_shown(
    make_service: Make, sqlite_url: str, smtp: SmtpSink
) -> None:
    second = SmtpSink()
    second.start()
    smtp.fault("rcpt", "550 5.7.1 not from you")
    run = runner(make_service(sqlite_url, mail_urls=f"{smtp.url},{second.url}"))
    result = run("mail", "test", "ops@example.org")
    second.stop()
    assert result.exit_code == 1
    first_line, second_line = result.stdout.splitlines()
    assert first_line.startswith("BROKEN")
    assert f"550 5.7.1 not from you (127.0.0.1:{smtp.port})" in first_line
    assert second_line.startswith("ok")
    assert f"250 OK (127.0.0.1:{second.port})" in second_line
    (letter,) = second.messages
    assert letter.message["Subject"] == "A test letter from The Masthead"
    assert str(second.port) in letter.raw.decode()
    assert smtp.messages == []


def test_a_test_letter_goes_to_one_plain_address_only(run: Run, smtp: SmtpSink) -> None:
    result = run("mail", "test", "ops@example.org,eve@evil.example")
    assert result.exit_code == 1
    assert "invalid_email" in result.stderr
    assert smtp.connections == 0


def test_the_timeline_is_told_to_people_and_to_programs(service: Service, run: Run) -> None:
    add_reader(service)
    service.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    service.deliver()
    found = printed(run("mail", "timeline", ADDRESS.upper(), "--json"))
    assert (found["address"], found["suppression"]) == (ADDRESS, None)
    assert [(entry["what"], entry["letter"]) for entry in found["entries"]] == [
        ("requested", "password_reset"),
        ("sent", "password_reset"),
    ]
    assert found["entries"][1]["detail"].startswith("250 OK")
    assert found["entries"][0]["at"].endswith("Z")
    lines = run("mail", "timeline", ADDRESS).stdout.splitlines()
    assert [line.split()[2] for line in lines] == ["requested", "sent"]
    assert "No letter" in run("mail", "timeline", "stranger@example.org").stdout
    assert run("mail", "timeline", "no address").exit_code == 1


def test_staff_put_addresses_on_the_list_and_take_them_off(service: Service, run: Run) -> None:
    assert run("mail", "suppress", "Ada@Example.org", "--reason", "asked by phone").exit_code == 0
    (listed,) = printed(run("mail", "suppressions", "--json"))
    assert (listed["canonical"], listed["reason"], listed["source"]) == ("ada@example.org", "manual", "staff")
    assert "asked by phone" in run("mail", "suppressions").stdout
    assert "gets no letters: manual since" in run("mail", "timeline", "ada@example.org").stdout
    assert "gets letters again" in run("mail", "unsuppress", "ada@example.org").stdout
    assert "was not on the list" in run("mail", "unsuppress", "ada@example.org").stdout
    assert printed(run("mail", "suppressions", "--json")) == []


def letter_to(service: Service, address: str) -> str:
    """Send a reset letter; where its bounces go."""
    add_reader(service, address)
    service.client().post("/api/v1/password/forgot", {"email": address})
    service.deliver()
    return service.mailbox.to(address)[-1].sender


def test_a_bounce_piped_in_puts_its_letter_s_address_on_the_list(bouncing: Service) -> None:
    run = runner(bouncing)
    return_path = letter_to(bouncing, ADDRESS)
    assert return_path.startswith("bounces+")
    raw = a_bounce(return_path.upper(), ADDRESS).decode()
    assert run("mail", "bounce", stdin=raw).stdout.startswith("Taken: bounced")
    assert run("mail", "bounce", stdin=raw).stdout == "Known already.\n"
    found = printed(run("mail", "timeline", ADDRESS, "--json"))
    assert found["suppression"]["reason"] == "hard_bounce"
    assert found["entries"][-1]["what"] == "bounced"


def test_the_mail_server_s_word_for_the_recipient_is_enough(bouncing: Service) -> None:
    return_path = letter_to(bouncing, ADDRESS)
    raw = a_bounce("postmaster@example.org", ADDRESS).decode()
    result = runner(bouncing)("mail", "bounce", "--recipient", return_path, stdin=raw)
    assert result.stdout.startswith("Taken")


def test_a_forged_bounce_suppresses_nobody(bouncing: Service) -> None:
    return_path = letter_to(bouncing, ADDRESS)
    run = runner(bouncing)
    last = return_path.index("@") - 1
    forged = return_path[:last] + ("a" if return_path[last] != "a" else "i") + return_path[last + 1 :]
    swapped = return_path.replace(return_path[8:14], "aaaaaa")
    for address in (forged, swapped, "bounces@example.org", ADDRESS):
        result = run("mail", "bounce", stdin=a_bounce(address, ADDRESS).decode())
        assert (result.exit_code, result.stdout.split(":")[0]) == (0, "Ignored")
    victim = a_bounce(return_path, "victim@example.net").decode()
    run("mail", "bounce", stdin=victim)  # names somebody else: counts for whom the letter was
    assert [row["canonical"] for row in printed(run("mail", "suppressions", "--json"))] == [ADDRESS]


def test_a_bounce_while_the_database_is_away_stays_with_the_mail_server(
    make_service: Make, bouncing: Service
) -> None:
    return_path = letter_to(bouncing, ADDRESS)
    away = make_service(
        "postgresql://masthead@127.0.0.1:9/masthead", mail_bounce_address="bounces@example.org"
    )
    result = runner(away)("mail", "bounce", stdin=a_bounce(return_path, ADDRESS).decode())
    assert result.exit_code == 75


def test_without_bounce_address_nothing_is_taken(run: Run) -> None:
    result = run("mail", "bounce", stdin="From: x\n\n")
    assert result.exit_code == 1
    assert "AUTH_MAIL_BOUNCE_ADDRESS" in result.stderr


def test_letters_carry_no_bounce_address_where_none_is_set(service: Service) -> None:
    assert letter_to(service, ADDRESS) == "accounts@example.org"
    assert message_from_bytes(service.mailbox.messages[0].raw)["Return-Path"] is None
