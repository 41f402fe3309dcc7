"""Addresses that get no letters: who puts them on the list, who takes them off, and what nobody can tell."""

from collections import Counter

import pytest

from service.core.mail_events import EventKind, MailReport, Reason
from service.core.values import Outcome
from tests.flows.forgotten import NEW, NEWER, READER, STAFF, Forgotten

OTHER_WAY = "ada@example.net"


def flow(forgotten: Forgotten):
    return forgotten.service.parts.flows.suppressions


def report(kind: EventKind, key: str = "1", address: str = READER, **more) -> MailReport:
    return MailReport(kind, "postmark", f"postmark:{key}", address, **more)


@pytest.mark.case("ENU-06", "FLT-03")
def test_an_address_a_server_refuses_for_good_gets_nothing_more_and_asking_tells_nobody(
    forgotten: Forgotten,
) -> None:
    forgotten.join()
    forgotten.mailbox.fault("rcpt", "550 5.1.1 no such mailbox", times=1)
    before = forgotten.ask()
    forgotten.service.deliver()
    assert (found := flow(forgotten).of(READER))
    assert (found.reason, found.source) == (Reason.HARD_BOUNCE, "smtp")
    assert found.detail.startswith("550 5.1.1 no such mailbox")
    connections = forgotten.mailbox.connections
    after = forgotten.ask()
    stranger = forgotten.ask(OTHER_WAY)
    assert (before.status_code, before.data) == (after.status_code, after.data)
    assert (after.status_code, after.data) == (stranger.status_code, stranger.data)
    forgotten.service.deliver()
    assert forgotten.outcomes() == [Outcome.REFUSED, Outcome.SUPPRESSED, Outcome.NO_ACCOUNT]
    assert forgotten.mailbox.connections == connections


@pytest.mark.parametrize(
    ("answer", "suppressed"),
    [
        ("550 no such user", True),
        ("551 5.1.6 moved", True),
        ("550 5.7.1 your server is on a list", False),
        ("554 5.3.4 too big", False),
        ("552 5.2.2 mailbox full", False),
    ],
)
def test_only_what_is_said_of_the_mailbox_counts(
    forgotten_on_sqlite: Forgotten, answer: str, suppressed: bool
) -> None:
    forgotten_on_sqlite.join()
    forgotten_on_sqlite.mailbox.fault("rcpt", answer)
    forgotten_on_sqlite.ask()
    forgotten_on_sqlite.service.deliver()
    assert forgotten_on_sqlite.outcomes() == [Outcome.REFUSED]
    assert (flow(forgotten_on_sqlite).of(READER) is not None) == suppressed


def test_a_no_to_the_letter_s_text_says_nothing_of_the_address(forgotten_on_sqlite: Forgotten) -> None:
    forgotten_on_sqlite.join()
    forgotten_on_sqlite.mailbox.fault("message", "554 5.1.1 we do not like it", times=1)
    forgotten_on_sqlite.ask()
    forgotten_on_sqlite.service.deliver()
    assert flow(forgotten_on_sqlite).of(READER) is None


def test_an_address_bounces_softly_three_times_in_a_week_and_rests_for_one(
    clock, forgotten: Forgotten
) -> None:
    for number in range(3):
        assert flow(forgotten).of(READER) is None
        assert flow(forgotten).report([report(EventKind.BOUNCED_SOFTLY, str(number))]) == 1
        assert flow(forgotten).report([report(EventKind.BOUNCED_SOFTLY, str(number))]) == 0
        clock.advance(days=1)
    assert (found := flow(forgotten).of(READER.upper()))
    assert found.reason is Reason.SOFT_BOUNCES
    clock.advance(days=6)
    assert flow(forgotten).of(READER) is None
    flow(forgotten).report([report(EventKind.BOUNCED_SOFTLY, "later")])
    assert flow(forgotten).of(READER) is None


def test_a_stronger_reason_replaces_a_weaker_one_and_not_the_other_way_round(forgotten: Forgotten) -> None:
    flow(forgotten).report([report(EventKind.COMPLAINED, "c")])
    flow(forgotten).report([report(EventKind.BOUNCED, "b")])
    assert (found := flow(forgotten).of(READER))
    assert found.reason is Reason.COMPLAINT
    flow(forgotten).suppress(READER, STAFF, detail="asked us by phone")
    flow(forgotten).report([report(EventKind.COMPLAINED, "d")])
    assert (found := flow(forgotten).of(READER))
    assert (found.reason, found.detail) == (Reason.MANUAL, "asked us by phone")


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "x" * 400 + "@example.org", "a\r\nb@example.org"])
def test_what_is_no_address_is_not_put_on_any_list(forgotten_on_sqlite: Forgotten, address: str) -> None:
    assert flow(forgotten_on_sqlite).report([report(EventKind.BOUNCED, address=address)]) == 0
    assert forgotten_on_sqlite.rows("suppressions") == forgotten_on_sqlite.rows("mail_events") == []


def test_what_strangers_write_is_kept_short_and_printable(forgotten: Forgotten) -> None:
    flow(forgotten).report([report(EventKind.BOUNCED, detail="550 \0\ud800\u202e no\r\n" + "x" * 5000)])
    (event,) = forgotten.rows("mail_events")
    assert event.detail.startswith("550 no x")
    assert len(event.detail) == 300


@pytest.mark.parametrize(
    ("kind", "lifted"), [(EventKind.BOUNCED, True), (EventKind.COMPLAINED, False)], ids=str
)
def test_a_reader_who_uses_a_mailed_link_has_proven_that_letters_arrive(
    forgotten: Forgotten, kind: EventKind, lifted: bool
) -> None:
    forgotten.join()
    token = forgotten.token()
    flow(forgotten).report([report(kind)])
    assert forgotten.reset(token).status_code == 200
    assert (flow(forgotten).of(READER) is None) == lifted


def test_staff_have_the_last_word_and_it_is_on_record(forgotten: Forgotten) -> None:
    user = forgotten.join()
    flow(forgotten).suppress(READER, STAFF)
    assert flow(forgotten).unsuppress("Reader@Example.org", STAFF)
    assert not flow(forgotten).unsuppress(READER, STAFF)
    assert forgotten.token()
    events = forgotten.audit("mail.suppressed") + forgotten.audit("mail.unsuppressed")
    assert [event.user_id for event in events] == [user.id] * 2


def test_notices_to_a_suppressed_address_stay_here_too(forgotten: Forgotten) -> None:
    forgotten.join()
    token = forgotten.token()
    flow(forgotten).report([report(EventKind.COMPLAINED)])
    forgotten.reset(token)
    forgotten.service.deliver()
    assert Counter(forgotten.outcomes()) == {Outcome.SENT: 1, Outcome.SUPPRESSED: 1}


def test_a_reader_who_is_signed_in_is_told_and_asked_for_another_address(forgotten: Forgotten) -> None:
    forgotten.join()
    client = forgotten.sign_in("sepia lantern forty-two")
    assert "could not deliver" not in client.get("/account").text
    flow(forgotten).report([report(EventKind.BOUNCED)])
    page = client.get("/account").text
    assert f"We could not deliver mail to {READER}." in page
    assert 'href="/account/email"' in page


def test_the_worker_forgets_what_is_over(clock, forgotten: Forgotten) -> None:
    for number in range(3):
        flow(forgotten).report([report(EventKind.BOUNCED_SOFTLY, str(number))])
    flow(forgotten).report([report(EventKind.BOUNCED, "hard", OTHER_WAY)])
    clock.advance(days=91)
    chores = forgotten.service.parts.worker.chores()
    chores.look_after(busy=False)
    assert forgotten.rows("mail_events") == []
    assert [row.canonical for row in forgotten.rows("suppressions")] == [OTHER_WAY]


@pytest.mark.case("RST-37")
def test_opening_and_using_a_link_is_remembered_once_and_decides_nothing(forgotten: Forgotten) -> None:
    user = forgotten.join()
    token = forgotten.token()
    for _ in range(3):
        forgotten.opened(token)
    browser = forgotten.opened(token)
    answer = browser.form("/reset-password", password=NEW)
    assert answer.status_code == 303, answer.text
    kinds = [(event.kind, event.user_id) for event in forgotten.rows("mail_events")]
    assert kinds == [("opened", user.id), ("used", user.id)]
    assert forgotten.reset(token, NEWER).status_code == 400
    assert len(forgotten.rows("mail_events")) == 2


def test_a_link_nobody_signed_is_not_remembered(forgotten: Forgotten) -> None:
    forgotten.join()
    token = forgotten.token()
    client = forgotten.service.client()
    page = client.follow(client.get(f"/reset-password?token={token[:-6]}AAAAAA"))
    assert page.status_code == 400
    assert forgotten.rows("mail_events") == []
