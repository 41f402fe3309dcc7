""" "I never got the mail": what support sees of it, whatever became of it."""

from uuid import uuid4

import pytest

from service.core.errors import NotFound
from service.core.mail_events import EventKind, MailReport
from tests.flows.forgotten import NEW, OLD, READER, STAFF, Forgotten


def told(forgotten: Forgotten, address: str = READER) -> list[str]:
    return [entry.what for entry in forgotten.service.parts.flows.mail_timeline.of_address(address).entries]


def test_the_whole_way_of_a_letter_that_was_used(forgotten: Forgotten) -> None:
    user = forgotten.join()
    token = forgotten.token()
    forgotten.mailbox.fault("message", "250 2.0.0 queued as 4F2A1B")
    browser = forgotten.opened(token)
    browser.form("/reset-password", password=NEW)
    forgotten.service.deliver()
    timeline = forgotten.service.parts.flows.mail_timeline.of_address(READER)
    assert [(entry.what, entry.letter) for entry in timeline.entries[:4]] == [
        ("requested", "password_reset"),
        ("sent", "password_reset"),
        ("opened", "password_reset"),
        ("used", "password_reset"),
    ]
    assert [entry.what for entry in timeline.entries[4:]] == ["requested", "sent"]
    assert timeline.entries[1].detail == f"250 OK (127.0.0.1:{forgotten.mailbox.port})"
    assert timeline.entries[5].detail.startswith("250 2.0.0 queued as 4F2A1B")
    assert forgotten.service.parts.flows.mail_timeline.of_user(user.id) == timeline


@pytest.mark.parametrize(
    ("prepare", "what"),
    [
        (lambda f: None, "no_account"),
        (lambda f: (f.join(), f.mailbox.fault("rcpt", "550 5.1.1 nobody")), "refused"),
        (lambda f: f.service.parts.flows.suppressions.suppress(READER, STAFF), "suppressed"),
        (lambda f: (f.join(), f.mailbox.stop()), "waiting"),
    ],
    ids=["no account", "refused", "suppressed", "server away"],
)
def test_why_there_was_no_letter(forgotten_on_sqlite: Forgotten, prepare, what: str) -> None:
    prepare(forgotten_on_sqlite)
    forgotten_on_sqlite.ask()
    forgotten_on_sqlite.service.deliver()
    assert told(forgotten_on_sqlite) == ["requested", what]


def test_throttled_and_superseded_letters_are_told_apart(make_service, sqlite_url: str) -> None:
    forgotten = Forgotten(
        make_service(sqlite_url, rate_limits="forgot_per_address=2/hour", rate_limit_scale=1)
    )
    forgotten.join()
    for _ in range(3):
        forgotten.ask()
    with forgotten.service.parts.store.write() as uow:  # the newer of the two is rendered first
        newest = uow.outbox.history(READER)[1]
        uow.users.newest_reset_letter(uow.users.by_address(READER).id, newest.id)
    forgotten.service.deliver()
    assert sorted(told(forgotten)) == ["requested"] * 3 + ["sent", "superseded", "throttled"]


def test_what_is_heard_later_stands_beside_its_letter(forgotten: Forgotten) -> None:
    forgotten.join()
    forgotten.token()
    (letter,) = forgotten.rows("outbox")
    report = MailReport(EventKind.BOUNCED, "dsn", "dsn:1", row_id=letter.id, detail="550 5.1.1 gone")
    forgotten.service.parts.flows.suppressions.report([report])
    timeline = forgotten.service.parts.flows.mail_timeline.of_address(READER)
    last = timeline.entries[-1]
    assert (last.what, last.letter, last.row_id, last.detail) == (
        "bounced",
        "password_reset",
        letter.id,
        "550 5.1.1 gone",
    )
    assert timeline.suppression is not None


def test_an_account_is_followed_whoever_nobody_is_not(forgotten: Forgotten) -> None:
    user = forgotten.join()
    forgotten.sign_in(OLD)
    forgotten.ask("stranger@example.org")
    assert forgotten.service.parts.flows.mail_timeline.of_user(user.id).entries == []
    with pytest.raises(NotFound):
        forgotten.service.parts.flows.mail_timeline.of_user(uuid4())
