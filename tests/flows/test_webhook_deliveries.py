"""Deliveries: at least once, in an account's order, tried for a day, given up, replayed; and what they leave alone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import event, select

from service.core.errors import EmailTaken
from service.core.values import Outcome
from service.core.webhooks import WEBHOOK
from service.store.schema import AuditRow
from service.store.schema_mail import OutboxTable
from service.store.schema_webhooks import WebhookEventRow
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    STAFF,
    count_of,
    join,
    letters_to,
    log_in,
    signed_in,
    user_row,
)
from tests.support.smtp import wait_until
from tests.support.webhook_receiver import WebhookReceiver, register

OPERATOR = "staff@example.org"
PAUSES = [8, 450, 2700, 10800, 27000, 54000, 54000]  # seconds: the longest that chance makes of each
OTHER = "other@example.org"


@pytest.fixture
def service(clock, make_service, database):
    return make_service(database, support_url=f"mailto:{OPERATOR}")


@pytest.fixture
def on_sqlite(clock, make_service, sqlite_url):
    return make_service(sqlite_url)


def of(user):
    """Calls about one account."""
    return lambda call: str(user.id).encode() in call.body


def deliveries(service, *conditions):
    found = select(OutboxTable.outcome, OutboxTable.attempts).where(
        OutboxTable.letter == WEBHOOK, *conditions
    )
    with service.parts.store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(found.order_by(OutboxTable.turn))]


def webhook_of(service):
    (state,) = service.parts.flows.webhooks.list()
    return state.webhook


def test_a_failing_event_holds_up_its_account_and_nobody_else(service, clock, receiver):
    register(service, receiver)
    ada, ben = join(service), join(service, OTHER)
    receiver.answer(503, when=of(ada))
    for address in (ADDRESS, OTHER):
        signed_in(service, address)
    service.deliver()
    assert [call.event["data"]["user_id"] for call in receiver.taken] == [str(ben.id)] * 2
    assert len([call for call in receiver.calls if of(ada)(call)]) == 1  # what follows waits for its turn
    receiver.heal()
    clock.advance(seconds=PAUSES[0])
    service.deliver()
    mine = [call for call in receiver.taken if of(ada)(call)]
    assert [call.event["type"] for call in mine] == ["user.created", "session.created"]


@pytest.mark.case("WHK-07", "WHK-08")
def test_an_event_nobody_takes_is_given_up_after_a_day_and_what_follows_goes_on(service, clock, receiver):
    register(service, receiver)
    ada = join(service)
    receiver.answer(500, when=lambda call: of(ada)(call) and b"user.created" in call.body)
    signed_in(service)
    service.deliver()
    for number, pause in enumerate(PAUSES):
        clock.advance(seconds=pause)
        join(service, f"reader{number}@example.org")  # the receiver is well, and takes others
        service.deliver()
    refused = [call for call in receiver.calls if call.status == 500]
    assert len(refused) == len(PAUSES) + 1
    assert len({(call.id, call.body) for call in refused}) == 1
    assert len({call.headers["webhook-signature"] for call in refused}) >= 1
    assert deliveries(service)[0] == (Outcome.EXPIRED, len(refused))
    assert [call.event["type"] for call in receiver.taken if of(ada)(call)] == ["session.created"]
    assert not webhook_of(service).disabled


@pytest.mark.case("WHK-08")
def test_a_receiver_that_fails_for_a_day_is_told_no_more_and_staff_hear_of_it(service, clock, receiver):
    hook = register(service, receiver, path="?key=receivers-own-secret")
    receiver.answer(500)
    join(service)
    service.deliver()
    for pause in PAUSES:
        clock.advance(seconds=pause)
        browser = signed_in(service)  # nobody who signs in, and no letter, is held up by it
        browser.post("/api/v1/password/forgot", {"email": ADDRESS})
        assert "/reset-password?" in letters_to(service)[-1].raw.decode()
        if webhook_of(service).disabled:
            break
    assert webhook_of(service).disabled_by == "failing"
    (letter,) = letters_to(service, OPERATOR)
    assert letter.message["Subject"] == "A webhook of The Masthead was disabled"
    assert str(hook.id) in letter.raw.decode()
    assert "receivers-own-secret" not in letter.raw.decode()
    assert count_of(service, AuditRow, AuditRow.kind == "webhook.disabled") == 1
    receiver.heal()
    tried, taken = len(receiver.calls), len(receiver.taken)
    clock.advance(days=3)
    signed_in(service)
    service.deliver()
    assert len(receiver.calls) == tried
    first = service.parts.flows.webhooks.enable(hook.id, STAFF)
    service.parts.flows.webhooks.replay(hook.id, STAFF, event_id=first.id)
    service.deliver()
    missed = receiver.types[taken:]
    assert missed[0] == "user.created"
    assert len(missed) == count_of(service, WebhookEventRow)
    assert len({call.id for call in receiver.taken[taken:]}) == len(missed)


@pytest.mark.case("WHK-08")
def test_a_receiver_that_is_gone_is_told_no_more_at_once(on_sqlite, receiver):
    register(on_sqlite, receiver)
    receiver.answer(410)
    join(on_sqlite)
    signed_in(on_sqlite)
    on_sqlite.deliver()
    assert webhook_of(on_sqlite).disabled_by == "gone"
    assert len(receiver.calls) == 1
    assert [outcome for outcome, _ in deliveries(on_sqlite)] == [Outcome.REFUSED] * 2


def test_after_an_outage_everything_that_waited_is_sent_at_once(service, clock, receiver):
    register(service, receiver)
    receiver.answer(503)
    for number in range(3):
        join(service, f"reader{number}@example.org")
    service.deliver()
    for pause in PAUSES[:4]:
        clock.advance(seconds=pause)
        service.deliver()
    assert receiver.taken == []
    receiver.heal()
    join(service, OTHER)
    service.deliver()
    service.deliver()
    assert len(receiver.taken) == 4
    assert webhook_of(service).failing_since is None


@pytest.mark.case("WHK-07")
def test_a_replay_keeps_ids_and_order_and_two_at_once_are_one(service, receiver):
    hook = register(service, receiver)
    join(service)
    signed_in(service)
    join(service, OTHER)
    service.deliver()
    first = [(call.id, call.body) for call in receiver.taken]
    replay = service.parts.flows.webhooks.replay
    with ThreadPoolExecutor(4) as pool:
        queued = list(pool.map(lambda _: replay(hook.id, STAFF, since=hook.created_at), range(4)))
    assert sum(queued) == 3
    service.deliver()
    assert sorted((call.id, call.body) for call in receiver.taken[3:]) == sorted(first)
    ada = str(user_row(service)["id"])
    mine = [event["type"] for event in receiver.events[3:] if event["data"]["user_id"] == ada]
    assert mine == ["user.created", "session.created"]
    session = next(UUID(call.id) for call in receiver.taken if call.event["type"] == "session.created")
    assert replay(hook.id, STAFF, event_id=session) == 2
    service.deliver()
    assert sorted(receiver.types[6:]) == ["session.created", "user.created"]


@pytest.mark.case("WHK-06")
def test_both_secrets_sign_for_a_day_and_then_the_new_one_alone(on_sqlite, clock, receiver):
    hook = register(on_sqlite, receiver)
    old, new = receiver.secrets[0], on_sqlite.parts.flows.webhooks.rotate_secret(hook.id, STAFF)
    join(on_sqlite, "a@example.org")
    on_sqlite.deliver()
    receiver.secrets[:] = [new]
    join(on_sqlite, "b@example.org")
    on_sqlite.deliver()
    assert [len(call.headers["webhook-signature"].split()) for call in receiver.taken] == [2, 2]
    clock.advance(hours=24, seconds=1)
    receiver.secrets[:] = [old]
    join(on_sqlite, "c@example.org")
    on_sqlite.deliver()
    assert receiver.calls[-1].status == 401
    assert old not in repr(hook)
    assert new not in str(on_sqlite.parts.flows.webhooks.list())


def test_only_what_was_asked_for_is_sent_and_kept(on_sqlite, receiver):
    register(on_sqlite, receiver, "user.disabled")
    ada = join(on_sqlite)
    on_sqlite.parts.flows.accounts.disable(ada.id, STAFF)
    on_sqlite.deliver()
    assert receiver.types == ["user.disabled"]
    assert count_of(on_sqlite, WebhookEventRow) == 1


def test_what_is_rolled_back_is_told_to_nobody(on_sqlite, receiver):
    register(on_sqlite, receiver)
    join(on_sqlite)
    with pytest.raises(EmailTaken):
        join(on_sqlite)
    accounts, store = on_sqlite.parts.flows.accounts, on_sqlite.parts.store
    draft = accounts.draft(email=OTHER, password=None, name=None, locale=None, roles=(), verified=True)
    with suppress(ZeroDivisionError), store.write() as uow:
        accounts.add(uow, draft, STAFF)
        1 / 0  # noqa: B018
    on_sqlite.deliver()
    assert len(receiver.events) == count_of(on_sqlite, WebhookEventRow) == 1


def test_where_nobody_listens_a_sign_in_asks_nothing_more_and_keeps_nothing(service):
    join(service)
    sent = []
    engine = service.parts.store.engine
    event.listen(engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    signed_in(service)
    about_webhooks = [statement for statement in sent if "webhook" in statement]
    assert [statement.split(" (")[0] for statement in about_webhooks] == ["INSERT INTO audit_events"] * len(
        about_webhooks
    )
    assert count_of(service, WebhookEventRow) == 0
    assert count_of(service, OutboxTable, OutboxTable.letter == WEBHOOK) == 0


@pytest.mark.case("DEL-01", "WHK-09")
def test_what_waits_to_be_told_of_an_erased_account_is_told_no_more(service, receiver):
    hook = register(service, receiver)
    receiver.answer(503, times=1)
    ada = join(service)
    signed_in(service)
    service.deliver()
    service.parts.flows.erasure.erase(ada.id, STAFF, by="staff")
    service.deliver()
    service.parts.flows.webhooks.replay(hook.id, STAFF, since=hook.created_at)
    service.deliver()
    assert set(receiver.types) == {"session.revoked", "user.deleted"}
    assert receiver.types[-1] == "user.deleted"
    assert ADDRESS not in str([call.body for call in receiver.taken])


def test_events_are_kept_for_a_month(on_sqlite, clock, receiver):
    register(on_sqlite, receiver)
    join(on_sqlite)
    on_sqlite.deliver()
    clock.advance(days=29)
    on_sqlite.parts.worker.chores().look_after(busy=False)
    assert count_of(on_sqlite, WebhookEventRow) == 1
    clock.advance(days=2)
    on_sqlite.parts.worker.chores().look_after(busy=False)
    assert count_of(on_sqlite, WebhookEventRow) == 0
    assert deliveries(on_sqlite) == []


@pytest.mark.case("WHK-05", "WHK-08")
def test_receivers_that_hang_hold_up_neither_letters_nor_other_receivers(make_service, sqlite_url, receiver):
    service, stop = make_service(sqlite_url), threading.Event()
    with WebhookReceiver() as hanging:
        register(service, hanging)
        register(service, receiver)
        hanging.answer(200, drip=5)
        for number in range(12):
            join(service, f"reader{number}@example.org")
        worker = threading.Thread(target=service.parts.worker.run, args=(stop,), daemon=True)
        worker.start()
        wait_until(lambda: len(hanging.calls) == 2, 20, "the receiver to hang")
        service.client().post("/api/v1/password/forgot", {"email": "reader1@example.org"})
        service.mailbox.wait_for(1, to="reader1@example.org")
        receiver.wait_for(12)
        assert len(hanging.calls) == 2  # no more than two calls to one receiver at once
        assert log_in(service.client(), "reader2@example.org", OTHER_PASSWORD).status_code == 401
        hanging.closing.set()
        stop.set()
        worker.join(20)
        assert not worker.is_alive()
