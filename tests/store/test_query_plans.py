"""Every statement that runs often finds its rows through an index, on both databases.

The statements are caught as the repositories send them, then explained with their own parameters. PostgreSQL
is told not to read whole tables if there is another way, since its tables here are too small to bother.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from service.core.directory import Asked, AuditQuestion, Done
from service.core.guesses import Guesser, Patience, Tally
from service.core.mail_events import EventKind, MailEvent, Reason, Suppression
from service.core.openid import Consent
from service.core.paging import FIRST, NOW_OR_LATER, Moment
from service.core.values import LETTERS, EmailUndo, Outcome, Priority, new_id
from service.core.webhooks import Webhook
from service.store.access_lookup import CALLING
from service.store.database import open_engine
from service.store.session_lookup import CHECKED, SIGNED_IN
from service.store.store import SqlStore
from service.store.unit_of_work import SqlUnitOfWork
from service.store.written import Written
from tests.store.conftest import HOUR, NOW, a_session, a_signup, a_user
from tests.store.grants import a_client, a_grant, add_tokens
from tests.support.databases import PostgresDatabases, SqliteDatabases

USER, SIGNUP = a_user(), a_signup()
SESSION, SECRET_HASH = a_session(USER)
SUPPRESSION = Suppression(USER.canonical, Reason.HARD_BOUNCE, "smtp", NOW)
EVENT = MailEvent(EventKind.BOUNCED, USER.canonical, NOW, "key", user_id=USER.id)
CLIENT = a_client()
GUESSER = Guesser("reader@example.org")
ASKED = Asked(CLIENT.id, "key", b"content")
QUESTIONS = (
    AuditQuestion(),
    AuditQuestion(since=NOW, until=NOW + HOUR),
    AuditQuestion(user_id=USER.id),
    AuditQuestion(kind="user.created"),
    AuditQuestion(user_id=USER.id, kind="user.created"),
)
WEBHOOK = Webhook(new_id(), "https://news.example.org/hook", (), "locked", NOW)
UNDO = EmailUndo(new_id(), USER.id, "old@example.org", "old@example.org", NOW, NOW + HOUR)

HOT: dict[str, Callable[[SqlUnitOfWork], Any]] = {
    "users.holders": lambda uow: uow.users.holders({USER.canonical}),
    "audit.made_by": lambda uow: uow.audit.made_by("import", [USER.id]),
    "outbox.waiting_since": lambda uow: uow.outbox.waiting_since(NOW),
    "users.by_id": lambda uow: uow.users.by_id(USER.id),
    "users.by_address": lambda uow: uow.users.by_address(USER.canonical),
    "users.set_password": lambda uow: uow.users.set_password(
        USER.id, "x", if_epoch=0, if_reset_letter=new_id(), at=NOW
    ),
    "users.verify_email": lambda uow: uow.users.verify_email(USER.id, at=NOW),
    "users.rehash": lambda uow: uow.users.rehash(USER.id, "x", if_hash="y"),
    "users.raise_epoch": lambda uow: uow.users.raise_epoch(USER.id),
    "users.newest_reset_letter": lambda uow: uow.users.newest_reset_letter(USER.id, new_id()),
    "users.set_disabled": lambda uow: uow.users.set_disabled(USER.id, NOW),
    "users.newest_login_letter": lambda uow: uow.users.newest_login_letter(USER.id, new_id()),
    "users.spend_login_letter": lambda uow: uow.users.spend_login_letter(USER.id, new_id(), if_epoch=0),
    "users.reclaim": lambda uow: uow.users.reclaim(USER.id, at=NOW),
    "users.set_profile": lambda uow: uow.users.set_profile(USER, at=NOW),
    "addresses.expect_change": lambda uow: uow.addresses.expect_change(USER.id, new_id()),
    "addresses.change": lambda uow: uow.addresses.change(
        USER.id, USER.mailbox, if_epoch=0, if_letter=new_id(), at=NOW
    ),
    "addresses.undo": lambda uow: uow.addresses.undo(UNDO.id),
    "addresses.take_undo": lambda uow: uow.addresses.take_undo(UNDO),
    "addresses.restore": lambda uow: uow.addresses.restore(UNDO, at=NOW),
    "addresses.purge": lambda uow: uow.addresses.purge(NOW),
    "devices.any": lambda uow: uow.devices.any(USER.id),
    "devices.forget": lambda uow: uow.devices.forget(USER.id),
    "devices.purge": lambda uow: uow.devices.purge(NOW),
    "devices.note": lambda uow: uow.devices.note(USER.id, SECRET_HASH, at=NOW),
    "spent.knows": lambda uow: uow.spent.knows(SECRET_HASH),
    "users.retire_password": lambda uow: uow.users.retire_password(USER.id, at=NOW),
    "devices.known": lambda uow: uow.devices.known(USER.canonical, SECRET_HASH),
    "guesses.of": lambda uow: uow.guesses.of(GUESSER),
    "guesses.add": lambda uow: uow.guesses.add(GUESSER, Patience(), at=NOW),
    "guesses.claim": lambda uow: uow.guesses.claim(GUESSER, Tally(1, NOW), Patience(), at=NOW),
    "guesses.forgive": lambda uow: uow.guesses.forgive(GUESSER),
    "guesses.forget": lambda uow: uow.guesses.forget(USER.canonical),
    "guesses.purge": lambda uow: uow.guesses.purge(NOW),
    "holdings.of": lambda uow: uow.holdings.of(USER),
    "holdings.plan_erasure": lambda uow: uow.holdings.plan_erasure(USER.id, erases_at=NOW, if_epoch=0),
    "holdings.erase": lambda uow: [
        uow.holdings.plan_erasure(USER.id, erases_at=NOW, if_epoch=0),
        uow.holdings.begin_erasure(USER, NOW),
        uow.holdings.finish_erasure(USER),
    ],
    "holdings.keep": lambda uow: uow.holdings.keep(USER.id),
    "holdings.due": lambda uow: uow.holdings.due(NOW, 10),
    "sessions.of": lambda uow: uow.sessions.of(USER.id, NOW),
    "sessions.touch": lambda uow: uow.sessions.touch(SESSION.id, seen_at=NOW, idle_until=NOW, ip=""),
    "sessions.renew": lambda uow: uow.sessions.renew(SESSION.id, epoch=1, secret_hash=SECRET_HASH),
    "sessions.end": lambda uow: uow.sessions.end(SESSION.id, user_id=USER.id),
    "sessions.end_by_hash": lambda uow: uow.sessions.end_by_hash(SECRET_HASH),
    "sessions.end_all": lambda uow: uow.sessions.end_all(USER.id),
    "sessions.end_all but": lambda uow: uow.sessions.end_all(USER.id, but=SESSION.id),
    "sessions.hand_over": lambda uow: uow.sessions.hand_over(SECRET_HASH, to=SESSION),
    "sessions.purge": lambda uow: uow.sessions.purge(NOW),
    "signups.get": lambda uow: uow.signups.get(SIGNUP.id),
    "signups.take": lambda uow: uow.signups.take(SIGNUP),
    "signups.discard": lambda uow: uow.signups.discard(SIGNUP.canonical),
    "signups.purge": lambda uow: uow.signups.purge(NOW),
    "outbox.told_since": lambda uow: uow.outbox.told_since("letter", USER.canonical, NOW - HOUR),
    "outbox.claim and settle": lambda uow: [
        uow.outbox.settle(row, Outcome.SENT, at=NOW)
        for row in uow.outbox.claim(NOW, lease=timedelta(minutes=1), limit=5)
    ],
    "outbox.record": lambda uow: uow.outbox.record(new_id()),
    "outbox.history": lambda uow: uow.outbox.history(USER.canonical),
    "outbox.history of an account": lambda uow: uow.outbox.history(USER.canonical, USER.id),
    "outbox.step_back": lambda uow: uow.outbox.step_back(
        uow.outbox.claim(NOW, lease=timedelta(minutes=1), limit=5), due_at=NOW
    ),
    "suppressions.active": lambda uow: uow.suppressions.active(USER.canonical, NOW),
    "suppressions.put": lambda uow: uow.suppressions.put(SUPPRESSION),
    "suppressions.lift": lambda uow: uow.suppressions.lift(USER.canonical),
    "suppressions.purge": lambda uow: uow.suppressions.purge(NOW),
    "mail_events.add": lambda uow: uow.mail_events.add(EVENT),
    "mail_events.knows": lambda uow: uow.mail_events.knows("x"),
    "mail_events.count": lambda uow: uow.mail_events.count(USER.canonical, EventKind.BOUNCED, since=NOW),
    "mail_events.of_address": lambda uow: uow.mail_events.of_address(USER.canonical),
    "mail_events.of_user": lambda uow: uow.mail_events.of_user(USER.id),
    "mail_events.purge": lambda uow: uow.mail_events.purge(NOW),
    "outbox.purge": lambda uow: uow.outbox.purge(NOW),
    "clients.get": lambda uow: uow.clients.get(CLIENT.id),
    "clients.rotate_secret": lambda uow: uow.clients.rotate_secret(CLIENT.id, b"x", earlier_until=NOW),
    "clients.disable": lambda uow: uow.clients.disable(CLIENT.id, at=NOW),
    "consents.get": lambda uow: uow.consents.get(USER.id, CLIENT.id),
    "consents.put": lambda uow: uow.consents.put(Consent(USER.id, CLIENT.id, (), NOW)),
    "directory.users": lambda uow: [uow.directory.users(place, 51) for place in (FIRST, USER.id)],
    "directory.events": lambda uow: [
        uow.directory.events(question, place, 51)
        for place in (NOW_OR_LATER, Moment(NOW, USER.id))
        for question in QUESTIONS
    ],
    "answers": lambda uow: [
        uow.answers.begin(ASKED, b"x", at=NOW, expires_at=NOW + HOUR),
        uow.answers.finish(ASKED, Done(204, None, USER.id)),
        uow.answers.get(ASKED),
        uow.answers.purge(NOW),
    ],
    "users.set_roles": lambda uow: uow.users.set_roles(USER.id, (), at=NOW),
    "grants.by_code": lambda uow: uow.grants.by_code(b"x"),
    "grants.alive": lambda uow: uow.grants.alive(new_id(), NOW),
    "grants.redeem": lambda uow: uow.grants.redeem(new_id(), at=NOW, expires_at=NOW),
    "grants.drop": lambda uow: uow.grants.drop(new_id()),
    "grants.refresh_token": lambda uow: uow.grants.refresh_token(b"x"),
    "grants.use_refresh_token": lambda uow: uow.grants.use_refresh_token(b"x", at=NOW),
    "grants.purge": lambda uow: uow.grants.purge(NOW),
    "access_tokens.drop": lambda uow: uow.access_tokens.drop(b"x", client_id=CLIENT.id),
    "access_tokens.purge": lambda uow: uow.access_tokens.purge(NOW),
    "an event that is told": lambda uow: [
        uow.audit.record("user.created", at=NOW, user_id=USER.id),
        uow.announcements.write(),
    ],
    "webhooks.claim and settle": lambda uow: [
        uow.outbox.settle(row, Outcome.SENT, at=NOW)
        for row in uow.outbox.claim(NOW, lease=HOUR, limit=5, queue=(Priority.WEBHOOK,))
    ],
    "webhooks.get": lambda uow: uow.webhooks.get(WEBHOOK.id),
    "webhooks.event": lambda uow: uow.webhooks.event(new_id()),
    "webhooks.failed": lambda uow: uow.webhooks.failed(WEBHOOK.id, at=NOW, trouble="500"),
    "webhooks.recovered": lambda uow: uow.webhooks.recovered(WEBHOOK.id, still_since=None),
    "webhooks.hurry": lambda uow: uow.webhooks.hurry(WEBHOOK.id, now=NOW, beyond=NOW, limit=5),
    "webhooks.events_from": lambda uow: uow.webhooks.events_from(1, 5),
    "webhooks.purge": lambda uow: uow.webhooks.purge(NOW),
    "who calls": lambda uow: CALLING.one(uow._connection, token_hash=b"x", now=NOW),
}
FEW = re.compile(r"\bwebhooks\b")  # staff have registered a handful; whoever has something to tell reads all
PLANLESS = ("BEGIN", "SAVEPOINT", "RELEASE")


class Enough(Exception):
    """The statements are known; nothing of it is to stay."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """A store with some rows and up-to-date statistics, for all statements in turn."""
    if request.param == "sqlite":
        databases: SqliteDatabases = request.getfixturevalue("sqlite_databases")
        url = databases.new(tmp_path_factory.mktemp("plans"))
    else:
        servers: PostgresDatabases = request.getfixturevalue("postgres_databases")
        url = servers.new()
    store = SqlStore(open_engine(url))
    with store.write() as uow:
        uow.webhooks.add(WEBHOOK)  # who hears of every session that follows
        uow.users.add(USER)
        uow.clients.add(CLIENT)
        uow.sessions.add(SESSION, SECRET_HASH)
        uow.signups.add(SIGNUP)
        for number in range(200):
            address = USER.email if number < 2 else f"reader{number}@example.org"
            owner = a_user(address)
            if uow.users.add(owner):
                session, secret_hash = a_session(owner, f"secret {number}")
                uow.sessions.add(session, secret_hash)
                client = a_client(f"client {number}")
                uow.clients.add(client)
                grant = a_grant(session, client, f"code {number}")
                uow.grants.add(grant)
                add_tokens(uow, grant, str(number))
                uow.consents.put(Consent(owner.id, client.id, ("openid",), NOW))
                uow.audit.record(f"kind {number % 20}", at=NOW, user_id=owner.id)
                asked = Asked(client.id, "key", b"")
                uow.answers.begin(asked, b"x", at=NOW, expires_at=NOW)
                uow.answers.finish(asked, Done(204, None, owner.id))
            uow.signups.add(a_signup(address))
            uow.suppressions.put(replace(SUPPRESSION, canonical=address, expires_at=NOW))
            uow.mail_events.add(replace(EVENT, canonical=address, key=f"{number}", user_id=owner.id))
            uow.outbox.add(
                "letter",
                address=address,
                canonical=address,
                at=NOW,
                expires_in=HOUR,
                priority=LETTERS[number % 3],
                user_id=None if number % 4 else owner.id,
                outcome=None if number % 10 else Outcome.SENT,
            )
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield store
    store.engine.dispose()


def caught(store: SqlStore, work: Callable[[SqlUnitOfWork], Any]) -> list[tuple[str, Any]]:
    """The statements that work sends, with their parameters; what they did is undone."""
    sent: list[tuple[str, Any]] = []

    def catch(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", catch)
    with suppress(Enough), store.write() as uow:
        work(uow)
        raise Enough
    event.remove(store.engine, "before_cursor_execute", catch)
    return [(statement, values) for statement, values in sent if not statement.startswith(PLANLESS)]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def plan_of(engine: Engine, statement: str, parameters: Any) -> str:
    """A plan as the database writes it."""
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        return str(connection.exec_driver_sql(f"{explain} {statement}", parameters).all())


def full_reads(engine: Engine, statement: str, parameters: Any) -> list[str]:
    """What a plan reads from end to end."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            scans = [step.detail for step in steps if step.detail.startswith("SCAN")]
            return [scan for scan in scans if not FEW.search(scan)]
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()
        (plan,) = json.loads(found) if isinstance(found, str) else found
        scans = [
            f"{node['Node Type']} on {node.get('Relation Name') or node.get('Index Name')}"
            for node in nodes(plan["Plan"])
            if node["Node Type"] == "Seq Scan" or ("Index" in node["Node Type"] and "Index Cond" not in node)
        ]
        return [scan for scan in scans if not FEW.search(scan)]


@pytest.mark.case("DOS-13")
@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_reads_no_table_from_end_to_end(filled: SqlStore, name: str) -> None:
    statements = caught(filled, HOT[name])
    assert statements
    for statement, parameters in statements:
        assert full_reads(filled.engine, statement, parameters) == [], statement


OF_ONE_ACCOUNT: dict[str, Callable[[SqlUnitOfWork], Any]] = {
    "directory.events": lambda uow: uow.directory.events(
        AuditQuestion(user_id=USER.id, kind="login.failed"), NOW_OR_LATER, 50
    ),
    "audit.made_by": lambda uow: uow.audit.made_by("import", [USER.id]),
}


@pytest.mark.case("DOS-13")
@pytest.mark.parametrize("name", OF_ONE_ACCOUNT)
def test_events_of_one_account_are_not_looked_for_among_all_of_their_kind(database: str, name: str) -> None:
    store = SqlStore(open_engine(database))  # without statistics, as SQLite is in use
    for statement, parameters in caught(store, OF_ONE_ACCOUNT[name]):
        assert "ix_audit_events_kind_at" not in plan_of(store.engine, statement, parameters)
    store.engine.dispose()


@pytest.mark.parametrize("statement", [SIGNED_IN, CHECKED])
def test_the_look_up_behind_every_page_view_reads_no_table_from_end_to_end(
    filled: SqlStore, statement: Written
) -> None:
    spelled = statement.on(filled.engine.dialect)
    parameters = spelled.bound({"secret_hash": SECRET_HASH, "now": NOW})
    assert filled.signed_in(SECRET_HASH, NOW) is not None
    assert full_reads(filled.engine, spelled.sql, parameters) == []


@pytest.mark.parametrize(
    "statement",
    ["SELECT id FROM users WHERE name = 'Ada'", "SELECT id FROM outbox WHERE letter = 'x' ORDER BY id"],
)
def test_a_statement_without_an_index_would_be_found_out(filled: SqlStore, statement: str) -> None:
    assert full_reads(filled.engine, statement, ())
