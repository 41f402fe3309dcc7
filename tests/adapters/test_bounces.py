"""Bounces: what they say, in all the ways mail servers say it, and whom we believe."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.bounces import NotABounce, read_bounce
from service.core.bounce_addresses import BounceAddresses
from service.core.mail_events import EventKind, row_of, status_in
from tests.adapters.bounces import a_bounce

ROW = UUID("0190a1b2-0000-7000-8000-000000000001")
OLD, NEW = b"an older key of 32 bytes or more", b"a newer key of 32 bytes or more."
ADDRESSES = BounceAddresses("bounces@example.org", [NEW, OLD])
HERE = ADDRESSES.of(ROW)


def test_an_address_of_ours_names_its_letter_in_any_case_and_company() -> None:
    assert HERE.startswith("bounces+")
    assert len(HERE.partition("@")[0]) <= 64  # RFC 5321, 4.5.3.1.1
    for header in (HERE, HERE.upper(), f'"Bounces" <{HERE}>, other@example.org', f"a+b@c.de, {HERE}"):
        assert ADDRESSES.row_in(header) == ROW


def test_addresses_made_with_an_older_key_hold_and_with_a_stranger_s_do_not() -> None:
    assert ADDRESSES.row_in(BounceAddresses("bounces@example.org", [OLD]).of(ROW)) == ROW
    assert ADDRESSES.row_in(BounceAddresses("bounces@example.org", [b"x" * 32]).of(ROW)) is None


@settings(deadline=None)
@given(position=st.integers(8, 48), character=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_no_character_of_a_token_can_be_changed(position: int, character: str) -> None:
    forged = HERE[:position] + character + HERE[position + 1 :]
    assert (ADDRESSES.row_in(forged) is not None) == (forged == HERE)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", EventKind.BOUNCED),
        ("5.0.0", EventKind.BOUNCED),
        ("5.2.1", EventKind.BOUNCED),
        ("5.2.2", EventKind.BOUNCED_SOFTLY),
        ("4.4.7", EventKind.BOUNCED_SOFTLY),
        ("5.7.1", EventKind.REJECTED),
        ("5.3.4", EventKind.REJECTED),
    ],
)
def test_a_report_says_what_its_status_means(status: str, kind: EventKind) -> None:
    report = read_bounce(a_bounce(HERE, "ada@example.org", status=status), ADDRESSES)
    assert (report.kind, report.row_id, report.address) == (kind, ROW, "")
    assert report.detail == "550 no such user"


def test_servers_that_know_no_standard_are_understood_as_well() -> None:
    qmail = f"""From: MAILER-DAEMON@relay.example
To: {HERE}
Subject: failure notice

Hi. This is the qmail-send program at relay.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <x@example.org>
"""
    assert read_bounce(qmail.encode(), ADDRESSES).kind is EventKind.BOUNCED


@pytest.mark.parametrize(
    "raw",
    [
        a_bounce(HERE, "ada@example.org", action="delayed", status="4.4.1"),
        a_bounce(HERE, "ada@example.org", action="delivered", status="2.0.0"),
        f"To: {HERE}\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nBack on Monday\n".encode(),
        f"To: {HERE}\n\n".encode(),
        a_bounce("bounces@example.org", "ada@example.org"),
        a_bounce(f"bounces+{'a' * 42}@example.org", "ada@example.org"),
        b"",
    ],
    ids=["delayed", "delivered", "vacation", "empty", "no token", "a token of nobody", "nothing"],
)
def test_what_is_no_bounce_of_ours_is_left_alone(raw: bytes) -> None:
    with pytest.raises(NotABounce):
        read_bounce(raw, ADDRESSES)


@settings(deadline=None, max_examples=200)
@given(junk=st.binary(max_size=400), cut=st.integers(0, 800))
def test_nothing_a_stranger_writes_makes_it_stumble(junk: bytes, cut: int) -> None:
    whole = a_bounce(HERE, "ada@example.org")
    for raw in (junk, whole[:cut] + junk, f"To: {HERE}\n".encode() + junk):
        try:
            assert read_bounce(raw, ADDRESSES).row_id == ROW
        except NotABounce:
            continue


def test_our_message_ids_name_their_letters_and_other_people_s_none() -> None:
    row_id = uuid4()
    assert row_of(f"<{row_id}@example.org>") == row_of(f" {row_id}@example.org") == row_id
    for other in ("<abc@example.org>", f"{row_id}", f"<x{row_id}@example.org>", None, 5, "a" * 10_000):
        assert row_of(other) is None


@pytest.mark.parametrize(
    ("answer", "status"),
    [("550 5.1.1 gone", "5.1.1"), ("550-5.1.1 gone", "5.1.1"), ("550 gone", ""), ("250 10.0.0.5 ok", "")],
)
def test_the_status_in_an_answer(answer: str, status: str) -> None:
    assert status_in(answer) == status
