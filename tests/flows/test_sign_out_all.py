"""Everybody out: what a restored backup brings back, or a thief of one could use, is over by one command."""

import threading

import pytest
from sqlalchemy import insert, select, text, update

from service.core.openid import BACKCHANNEL_LOGOUT
from service.flows import sign_out_all
from service.store.schema import AuditRow, SessionRow, UserRow
from service.store.schema_mail import OutboxTable
from tests.cli.conftest import runner
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    count_of,
    is_in,
    join,
    letters_to,
    log_in,
    sessions_in_store,
    signed_in,
    thief_of,
    token_in,
)
from tests.support.relying_party import a_service, a_site
from tests.support.webhook_receiver import register

NEWCOMER = "newcomer@example.org"


def everybody_out(service, *more, **options):
    return runner(service)("users", "sign-out-all", *(more or ["--yes"]), **options)


def rows_of(service, table):
    with service.parts.store.engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table.__table__)).mappings()]


def mailed(service, path, link, address=ADDRESS):
    assert service.client().post(f"/api/v1/{path}", {"email": address}).status_code == 202
    return token_in(letters_to(service, address)[-1], link)


@pytest.mark.case("SEC-08")
def test_a_restored_backup_brings_back_no_session_and_no_used_link(service):
    join(service)
    browser = signed_in(service)
    reset = {"token": mailed(service, "password/forgot", "/reset-password"), "password": OTHER_PASSWORD}
    sign_in = {"token": mailed(service, "login/link", "/login/link/confirm")}
    users, sessions = rows_of(service, UserRow), rows_of(service, SessionRow)
    assert service.client().post("/api/v1/password/reset", reset).status_code == 200
    assert not is_in(browser)

    with service.parts.store.engine.execution_options(masthead_write=True).begin() as connection:
        connection.execute(update(UserRow).values(**users[0]))
        connection.execute(insert(SessionRow), sessions)
    assert is_in(browser), "the backup has brought the session back"

    assert everybody_out(service).stdout == "Everybody is signed out. Accounts: 1\n"
    assert not is_in(browser)
    assert sessions_in_store(service) == 0
    assert service.client().post("/api/v1/password/reset", reset).status_code == 400
    assert service.client().post("/api/v1/login/link/confirm", sign_in).status_code == 400
    assert is_in(signed_in(service)), "passwords stay"
    assert count_of(service, AuditRow, AuditRow.kind == "session.revoked_all") == 1


def test_what_was_granted_and_what_waits_is_over(service):
    join(service)
    browser, newcomer = signed_in(service), service.client()
    party, service_of_ours = a_site(service), a_service(service)
    tokens, waiting = party.redeem(party.code(browser)).json, party.code(browser)
    own = service_of_ours.own_token()
    newcomer.post("/api/v1/signup", {"email": NEWCOMER, "password": PASSWORD})
    sign_up = {"token": token_in(letters_to(service, NEWCOMER)[-1], "/signup/confirm")}
    assert service_of_ours.introspect(own)["active"] is True

    everybody_out(service)
    assert party.redeem(waiting).status_code == 400
    assert party.refresh(tokens["refresh_token"]).status_code == 400
    assert party.introspect(tokens["access_token"]) == {"active": False}
    assert service_of_ours.introspect(own) == {"active": False}
    assert newcomer.post("/api/v1/signup/confirm", sign_up).status_code == 400


def test_services_are_told(service, receiver):
    join(service)
    register(service, receiver)
    party = a_site(service, backchannel_logout_uri="https://comments.example.org/logout")
    party.redeem(party.code(signed_in(service)))
    service.deliver()
    everybody_out(service)
    assert count_of(service, OutboxTable, OutboxTable.letter == BACKCHANNEL_LOGOUT) == 1
    service.deliver()
    assert receiver.types[-1] == "session.revoked"


def test_nobody_is_signed_out_by_mistake(service):
    join(service)
    browser = signed_in(service)
    assert everybody_out(service, "sign-out-all", stdin="n\n").exit_code != 0
    assert is_in(browser)


@pytest.mark.case("SES-09")
def test_every_page_of_accounts_is_done(service, monkeypatch):
    monkeypatch.setattr(sign_out_all, "PAGE", 2)
    addresses = [f"reader-{number}@example.org" for number in range(5)]
    for address in addresses:
        join(service, address)
    browsers = [signed_in(service, address) for address in addresses]
    assert everybody_out(service).stdout == "Everybody is signed out. Accounts: 5\n"
    assert not any(is_in(browser) for browser in browsers)


def test_who_signs_out_everywhere_else_at_that_moment_is_out_as_well(service, monkeypatch):
    """A thief's request that was let in before, and writes after."""
    join(service)
    browser = signed_in(service)
    thief = thief_of(service, browser)
    sessions = service.parts.flows.sessions
    let_in, go_on = threading.Event(), threading.Event()
    clock = sessions.clock

    def ask_late():
        let_in.set()
        go_on.wait(10)
        return clock()

    real = type(sessions).end_others
    monkeypatch.setattr(type(sessions), "end_others", lambda *given: (ask_late(), real(*given))[1])
    answers = []
    request = threading.Thread(target=lambda: answers.append(thief.delete("/api/v1/sessions")))
    request.start()
    assert let_in.wait(10)
    everybody_out(service)
    go_on.set()
    request.join()
    assert answers[0].status_code < 500
    cookies = [value for name, value in answers[0].headers if name == "Set-Cookie" and "masthead=" in value]
    assert not any(is_in(thief_with(service, cookie)) for cookie in cookies)
    assert not is_in(browser)
    assert sessions_in_store(service) == 0


def thief_with(service, set_cookie):
    browser = service.client()
    browser.inner.set_cookie("masthead", set_cookie.split("masthead=")[1].split(";")[0])
    return browser


def test_a_row_that_somebody_holds_is_waited_for(make_service, postgres_url):
    service = make_service(postgres_url)
    join(service)
    browser = signed_in(service)
    with service.parts.store.engine.connect() as other:
        other.execute(text("SELECT id FROM users FOR UPDATE"))
        later = threading.Timer(2.5, other.rollback)  # longer than a statement waits for a lock
        later.start()
        done = everybody_out(service)
        later.join()
    assert done.exit_code == 0
    assert not is_in(browser)
    assert log_in(service.client()).status_code == 200
