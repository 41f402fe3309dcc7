"""Leaving: closed at once, kept by signing in, erased when its time has come, and nothing of it is left."""

import threading
import time

import pytest
from sqlalchemy import update

from service.core.values import Priority
from service.store.schema import AuditRow, SessionRow, Table, UserRow
from service.store.schema_mail import OutboxTable
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    change,
    code_of,
    count_of,
    is_in,
    join,
    letters_to,
    log_in,
    signed_in,
    token_in,
    user_row,
)
from tests.support.pages import text_of


def leave(browser, password=PASSWORD):
    return browser.delete("/api/v1/me", {"current_password": password} if password else {})


def gone(service, clock, **span):
    """Let the grace pass and the worker do its chores; how many accounts it erased."""
    clock.advance(**(span or {"days": 14, "seconds": 1}))
    return service.parts.flows.erasure.erase_due()


@pytest.mark.case("DEL-01")
def test_leaving_closes_the_account_everywhere_at_once(service):
    join(service, name="Ada")
    here, elsewhere = signed_in(service), signed_in(service, remember=True)
    here.post("/api/v1/password/forgot", {"email": ADDRESS})
    reset = token_in(letters_to(service)[-1], "/reset-password")
    answer = leave(here)
    assert (answer.status_code, answer.json["status"]) == (202, "scheduled")
    assert answer.json["erases_at"].endswith("Z")
    assert [is_in(here), is_in(elsewhere)] == [False, False]
    assert count_of(service, SessionRow) == 0
    spent = here.post("/api/v1/password/reset", {"token": reset, "password": OTHER_PASSWORD})
    assert code_of(spent) == "invalid_token"
    letter = letters_to(service)[-1]
    assert letter.message["Subject"] == "Your account at The Masthead will be deleted"
    assert letter.link("/login")


@pytest.mark.case("DEL-01")
@pytest.mark.parametrize("password", [None, "", OTHER_PASSWORD])
def test_a_session_alone_deletes_nothing(service, password):
    join(service)
    browser = signed_in(service)
    answer = leave(browser, password)
    assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")
    assert is_in(browser)
    assert user_row(service)["erases_at"] is None


@pytest.mark.case("DEL-01")
@pytest.mark.parametrize(("minutes", "status"), [(14, 202), (16, 401)])
def test_without_a_password_a_fresh_sign_in_is_needed(clock, service, minutes, status):
    user = join(service)
    browser = signed_in(service)
    change(service, update(UserRow).where(UserRow.id == user.id).values(password_hash=None))
    clock.advance(minutes=minutes)
    assert leave(browser, None).status_code == status


def test_signing_in_within_the_grace_keeps_the_account(clock, service):
    join(service)
    leave(signed_in(service))
    clock.advance(days=13, hours=23)
    browser = service.client()
    done = browser.form("/login", email=ADDRESS, password=PASSWORD)
    assert "Your account stays" in browser.follow(done).text
    assert gone(service, clock) == 0
    assert user_row(service)["erases_at"] is None
    assert count_of(service, AuditRow, AuditRow.kind == "user.deletion_undone") == 1


def test_an_account_without_a_password_needs_no_body(service):
    user = join(service)
    browser = signed_in(service)
    change(service, update(UserRow).where(UserRow.id == user.id).values(password_hash=None))
    assert browser.delete("/api/v1/me").status_code == 202


def test_a_wrong_password_keeps_nothing(clock, service):
    join(service)
    leave(signed_in(service))
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 401
    assert gone(service, clock) == 1


def test_nothing_is_erased_before_its_time(clock, service):
    join(service)
    leave(signed_in(service))
    assert gone(service, clock, days=13, hours=23) == 0
    assert user_row(service) is not None


@pytest.mark.case("DEL-01")
def test_after_the_grace_nothing_of_the_person_is_left(clock, service):
    join(service, name="Ada Lovelace")
    join(service, "other@example.org", name="Grace")
    browser = signed_in(service)
    browser.headers |= {"User-Agent": "Curious/1.0"}
    browser.post("/api/v1/password/forgot", {"email": ADDRESS})
    browser.patch("/api/v1/me", {"newsletter": True})
    browser.form("/account/email", email="ada@example.net", current_password=PASSWORD)
    service.deliver()
    service.client().post("/api/v1/signup", {"email": ADDRESS, "password": PASSWORD})
    user = user_row(service)
    leave(browser)
    assert gone(service, clock) == 1
    for trace in (ADDRESS, "ada@example.net", "Lovelace", "Curious", "127.0.0.1", "Yes, send me"):
        assert trace not in without_last_letter_and_others(service), trace
    events = kinds_of(service, user["id"])
    assert {"user.deletion_scheduled", "user.deleted", "session.created"} <= set(events)
    assert user_row(service, "other@example.org")["name"] == "Grace"
    letter = letters_to(service)[-1]
    assert letter.message["Subject"] == "Your account at The Masthead is deleted"
    assert "Hello Ada Lovelace" in text_of(letter.message)
    assert str(user["id"]) not in everything_about_letters(service)


def rows(service, table):
    with service.parts.store.engine.connect() as connection:
        return [dict(row) for row in connection.execute(table.__table__.select()).mappings()]


def without_last_letter_and_others(service):
    """All that is stored but the last letter's row and what belongs to the other reader."""
    kept = [row for row in rows(service, OutboxTable) if row["letter"] != "deletion_done"]
    with service.parts.store.engine.connect() as connection:
        for table in Table.metadata.sorted_tables:
            if table.name not in ("outbox", "audit_events"):
                kept += [dict(row) for row in connection.execute(table.select()).mappings()]
    other = user_row(service, "other@example.org")["id"]
    kept += [row for row in rows(service, AuditRow) if row["user_id"] != other]
    return repr([row for row in kept if row.get("id") != other])


def kinds_of(service, user_id):
    events = [row for row in rows(service, AuditRow) if row["user_id"] == user_id]
    assert {(row["ip"], row["agent"], repr(row["data"])) for row in events} == {("", "", "{}")}
    return [row["kind"] for row in events]


def everything_about_letters(service):
    return repr(rows(service, OutboxTable))


@pytest.mark.case("DEL-01")
def test_the_worker_erases_what_is_due_by_itself(clock, service):
    join(service)
    leave(signed_in(service))
    clock.advance(days=15)
    stop = threading.Event()
    worker = threading.Thread(target=service.parts.worker.run, args=(stop,))
    worker.start()
    deadline = time.monotonic() + 20
    while user_row(service) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    worker.join()
    assert user_row(service) is None


@pytest.mark.case("DEL-03")
def test_the_same_address_begins_a_new_account_without_any_of_the_old(clock, service):
    user = join(service, name="Ada", roles=("editor",))
    browser = signed_in(service)
    browser.post("/api/v1/email/change", {"email": "new@example.org", "current_password": PASSWORD})
    change_token = token_in(letters_to(service, "new@example.org")[-1], "/account/email/confirm")
    leave(browser)
    gone(service, clock)
    service.deliver()
    newcomer = service.client()
    newcomer.post("/api/v1/signup", {"email": ADDRESS, "password": OTHER_PASSWORD})
    confirmed = newcomer.post(
        "/api/v1/signup/confirm", {"token": token_in(letters_to(service)[-1], "/signup/confirm")}
    )
    assert confirmed.status_code == 201
    account = confirmed.json["user"]
    assert account["id"] != str(user.id)
    assert (account["name"], account["roles"]) == (None, [])
    assert log_in(service.client()).status_code == 401
    late = newcomer.post("/api/v1/email/change/confirm", {"token": change_token})
    assert code_of(late) in ("invalid_token", "expired_token")


@pytest.mark.case("DEL-04")
def test_no_session_survives_a_deletion_that_races_with_sign_ins(service):
    join(service)
    here, others = signed_in(service), [service.client() for _ in range(6)]
    together = threading.Barrier(7)

    def run(work):
        together.wait(10)
        work()

    works = [lambda: leave(here), *(lambda browser=browser: log_in(browser) for browser in others)]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = user_row(service)["erases_at"] is None
    # who signed in before is out; who signed in after has kept the account
    assert any(is_in(browser) for browser in others) == kept
    assert not is_in(here)


@pytest.mark.case("DEL-04")
def test_who_signs_in_while_the_account_is_erased_either_keeps_it_or_gets_nothing(clock, service):
    user = join(service)
    leave(signed_in(service))
    clock.advance(days=15)
    together, got = threading.Barrier(2), []

    def sign_in():
        together.wait(10)
        got.append(log_in(service.client()).status_code)

    thread = threading.Thread(target=sign_in)
    thread.start()
    together.wait(10)
    erased = service.parts.flows.erasure.erase_due()
    thread.join()
    with service.parts.store.read() as uow:
        left = uow.users.by_id(user.id)
    assert (erased, got, left is None) in [(1, [401], True), (0, [200], False)]


@pytest.mark.case("DEL-02")
def test_what_is_to_be_revoked_elsewhere_stays_in_the_outbox_and_holds_up_nothing(clock, service):
    user = join(service)
    leave(signed_in(service))

    def farewell(uow, leaving, *, at):
        uow.outbox.add(
            "apple_revocation",
            address="",
            canonical="",
            at=at,
            expires_in=service.parts.flows.erasure.grace,
            priority=Priority.NOTICE,
            user_id=leaving.id,
        )

    object.__setattr__(service.parts.flows.erasure, "farewells", (farewell,))
    assert gone(service, clock) == 1
    assert count_of(service, OutboxTable, OutboxTable.letter == "apple_revocation") == 1
    assert count_of(service, UserRow, UserRow.id == user.id) == 0


def test_an_account_that_cannot_be_erased_does_not_hold_up_the_others(clock, service):
    stuck = join(service)
    leave(signed_in(service))
    join(service, "other@example.org")
    leave(signed_in(service, "other@example.org"))

    def farewell(uow, leaving, *, at):
        if leaving.id == stuck.id:
            raise RuntimeError("no way")

    object.__setattr__(service.parts.flows.erasure, "farewells", (farewell,))
    with pytest.raises(RuntimeError):
        gone(service, clock)
    assert (user_row(service) is None, user_row(service, "other@example.org") is None) == (False, True)


@pytest.mark.case("DEL-05")
def test_every_step_leaves_an_event(clock, service):
    user = join(service)
    leave(signed_in(service))
    signed = signed_in(service)
    leave(signed)
    gone(service, clock)
    kinds = [row["kind"] for row in rows(service, AuditRow) if row["user_id"] == user.id]
    steps = ["user.deletion_scheduled", "user.deletion_undone", "user.deletion_scheduled", "user.deleted"]
    assert [kind for kind in kinds if "delet" in kind] == steps


def test_a_disabled_account_cannot_be_kept_by_signing_in(clock, service):
    user = join(service)
    leave(signed_in(service))
    service.parts.flows.accounts.disable(user.id, STAFF)
    assert log_in(service.client()).status_code == 403
    assert gone(service, clock) == 1


def test_the_grace_is_a_setting(clock, make_service, database):
    service = make_service(database, deletion_grace=60)
    join(service)
    leave(signed_in(service))
    assert gone(service, clock, seconds=61) == 1


def test_the_page_says_what_happens_and_does_it(service):
    join(service)
    browser = signed_in(service)
    assert "After 14 days" in browser.get("/account/delete").text
    assert browser.form("/account/delete", current_password="wrong").status_code == 401
    done = browser.form("/account/delete", current_password=PASSWORD)
    assert (done.status_code, done.headers["Location"]) == (303, "/login")
    assert "To keep it, sign in within 14 days." in browser.follow(done).text
