"""Wrong passwords in a row: the pauses grow, the password stops, and its owner gets in all the same."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.core.errors import Unavailable
from service.core.guesses import REMEMBERED, STOPPED, Patience
from service.core.values import Visit
from service.flows.password_check import PasswordCheck
from service.store.schema import AuditRow, GuessRow
from tests.flows.movers import ask as ask_for_another_address
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STRANGER,
    count_of,
    join,
    letters_to,
    log_in,
    signed_in,
    token_in,
    user_row,
)
from tests.flows.together import at_once

FREE, MOST = 10, 100
GUARDED = {"rate_limit_scale": 1, "argon2_memory_kib": 64}


@pytest.fixture
def guarded(clock, make_service, database):
    """The service with its throttles as they are shipped."""
    return make_service(database, **GUARDED)


@pytest.fixture
def on_sqlite(clock, make_service, sqlite_url):
    return make_service(sqlite_url, **GUARDED)


def guess(service, number=0, email=ADDRESS, password=OTHER_PASSWORD, browser=None):
    """One sign-in from a network of its own."""
    source = {"REMOTE_ADDR": f"198.51.{number // 250}.{number % 250 + 1}"}
    browser = browser or service.client(known=False)
    return browser.post("/api/v1/login", {"email": email, "password": password}, environ_overrides=source)


def let_windows_pass(service):
    """The throttles' windows go by the real time; what is counted in a row stays."""
    service.parts.throttles._near.storage.reset()


def fail(service, clock, times, **who):
    """Guess wrongly from ever new networks, each time as soon as that is looked at."""
    for number in range(times):
        clock.advance(minutes=15)
        let_windows_pass(service)
        assert guess(service, number, **who).status_code == 401


def pause(service, **who):
    """How long the next guess has to wait; it is refused and not counted."""
    let_windows_pass(service)
    answer = guess(service, 999, **who)
    assert answer.status_code == 429
    return int(answer.headers["Retry-After"])


@pytest.mark.case("LOG-03", "LOG-20", "ENU-07")
def test_guesses_from_everywhere_wait_longer_and_longer_and_then_the_password_stops(guarded, clock):
    join(guarded)
    pauses = {}
    for email in (ADDRESS, STRANGER):
        fail(guarded, clock, FREE, email=email)
        pauses[email] = [pause(guarded, email=email)]
        for _ in range(11):
            fail(guarded, clock, 1, email=email)
            pauses[email].append(pause(guarded, email=email))
        fail(guarded, clock, MOST - FREE - 11, email=email)
    assert pauses[ADDRESS] == pauses[STRANGER] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert pause(guarded, email=STRANGER) == 900
    fail(guarded, clock, 1, password=PASSWORD)
    assert count_of(guarded, AuditRow, AuditRow.kind == "password.stopped") == 2
    (told,) = letters_to(guarded)
    assert told.message["Subject"] == "Your password at The Masthead does not work for now"
    assert told.link("/forgot-password")
    assert letters_to(guarded, STRANGER) == []


@pytest.mark.case("LOG-04", "LOG-03")
def test_a_stopped_password_works_again_once_its_owner_is_proven(on_sqlite, clock):
    join(on_sqlite)
    for recover in (reset, by_mailed_link):
        fail(on_sqlite, clock, MOST)
        fail(on_sqlite, clock, 1, password=PASSWORD)
        recover(on_sqlite)
        let_windows_pass(on_sqlite)
        assert guess(on_sqlite, password=PASSWORD).status_code == 200


def reset(service):
    service.deliver()
    service.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    token = token_in(letters_to(service)[-1], "/reset-password")
    answer = service.client().post("/api/v1/password/reset", {"token": token, "password": PASSWORD})
    assert answer.status_code == 200


def by_mailed_link(service):
    service.deliver()
    service.client().post("/api/v1/login/link", {"email": ADDRESS})
    token = token_in(letters_to(service)[-1], "/login/link/confirm")
    assert service.client().post("/api/v1/login/link/confirm", {"token": token}).status_code == 200


def test_who_has_guessed_too_often_at_their_own_password_is_in_after_a_reset(make_service, sqlite_url):
    service = make_service(sqlite_url, **GUARDED, rate_limits="login_per_client_and_account=3/hour")
    join(service)
    tries = [log_in(service.client(), password=OTHER_PASSWORD).status_code for _ in range(4)]
    assert tries == [401] * 3 + [429]
    reset(service)
    assert log_in(service.client()).status_code == 200


@pytest.mark.case("LOG-04")
def test_a_device_the_account_knows_gets_in_whatever_strangers_do(guarded, clock):
    join(guarded)
    mine = signed_in(guarded)
    assert [guess(guarded, 7).status_code for _ in range(FREE + 3)] == [401] * FREE + [429] * 3
    assert guess(guarded, 7, password=PASSWORD).status_code == 429
    assert guess(guarded, 7, password=PASSWORD, browser=mine).status_code == 200
    fail(guarded, clock, MOST)
    assert guess(guarded, 7, password=PASSWORD, browser=mine).status_code == 200
    fail(guarded, clock, 1, password=PASSWORD)


@pytest.mark.case("LOG-04")
def test_a_stolen_device_is_worth_no_more_guesses_and_locks_nobody_else_out(on_sqlite, clock):
    join(on_sqlite)
    stolen, mine = signed_in(on_sqlite), on_sqlite.client(known=False)
    log_in(mine)
    tries = [guess(on_sqlite, number, browser=stolen).status_code for number in range(FREE + 3)]
    assert tries == [401] * FREE + [429] * 3
    assert pause(on_sqlite, browser=stolen) == 1
    fail(on_sqlite, clock, MOST - FREE, browser=stolen)
    fail(on_sqlite, clock, 1, browser=stolen, password=PASSWORD)
    for other in (mine, on_sqlite.client(known=False)):
        assert guess(on_sqlite, browser=other, password=PASSWORD).status_code == 200


def test_a_cookie_of_another_account_makes_nobody_known(on_sqlite, clock):
    join(on_sqlite)
    join(on_sqlite, "thief@example.org")
    thief = signed_in(on_sqlite, "thief@example.org")
    assert [guess(on_sqlite, 7, browser=thief).status_code for _ in range(FREE + 1)] == [401] * FREE + [429]
    assert guess(on_sqlite, 7, email=STRANGER, browser=thief).status_code == 429


def test_the_right_password_starts_the_count_anew(on_sqlite, clock):
    join(on_sqlite)
    fail(on_sqlite, clock, FREE + 5)
    clock.advance(minutes=15)
    let_windows_pass(on_sqlite)
    assert guess(on_sqlite, password=PASSWORD).status_code == 200
    assert count_of(on_sqlite, GuessRow) == 0
    fail(on_sqlite, clock, FREE)
    assert pause(on_sqlite) == 1


@pytest.mark.case("LOG-08")
def test_of_many_guesses_after_a_pause_one_is_looked_at(guarded, clock):
    join(guarded)
    fail(guarded, clock, FREE)
    clock.advance(minutes=15)
    let_windows_pass(guarded)
    answers = at_once(lambda n: guess(guarded, n).status_code, *((n,) for n in range(8)))
    assert sorted(answers) == [401] + [429] * 7
    assert count_of(guarded, AuditRow, AuditRow.kind == "login.failed") == FREE + 1


def test_the_first_guesses_do_not_wait_for_each_other(on_sqlite, clock):
    assert guess(on_sqlite).status_code == 401
    assert at_once(lambda n: guess(on_sqlite, n).status_code, *((n,) for n in range(1, 8))) == [401] * 7


def test_a_guess_that_has_to_wait_its_turn_is_logged_by_rule_without_the_address(on_sqlite, clock, caplog):
    fail(on_sqlite, clock, FREE)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        pause(on_sqlite)
    (record,) = [record for record in caplog.records if record.message == "throttled"]
    assert vars(record)["rule"] == "login_in_a_row"
    assert ADDRESS not in str(vars(record))


@pytest.mark.case("FLT-27")
def test_neither_an_emptied_redis_nor_a_restart_forgets_failures(
    clock, make_service, sqlite_url, redis_server, redis_url
):
    service = make_service(sqlite_url, redis_url=redis_url, **GUARDED)
    join(service)
    for number in range(FREE):
        assert guess(service, number).status_code == 401
    redis_server.flush()
    refused = guess(service, 99)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    clock.advance(seconds=1)
    assert guess(service, 99).status_code == 401
    restarted = make_service(sqlite_url, **GUARDED)
    assert pause(restarted) == 2


@pytest.mark.case("LOG-10", "LOG-04")
def test_every_door_to_a_password_counts_the_same_failures(on_sqlite, clock):
    join(on_sqlite)
    inside = signed_in(on_sqlite)
    doors = [
        lambda wrong: log_in(inside, password=wrong),
        lambda wrong: inside.form("/login?again=1", email=ADDRESS, password=wrong),
        lambda wrong: inside.post(
            "/api/v1/password/change", {"current_password": wrong, "new_password": "a new day at sea"}
        ),
        lambda wrong: ask_for_another_address(inside, password=wrong),
        lambda wrong: inside.delete("/api/v1/me", {"current_password": wrong}),
    ]
    for number in range(FREE):
        assert doors[number % len(doors)](OTHER_PASSWORD).status_code == 401
    assert [door(word).status_code for door in doors for word in (OTHER_PASSWORD, PASSWORD)] == [429] * 10
    assert guess(on_sqlite, password=PASSWORD).status_code == 200


def test_a_failure_is_kept_with_network_and_device(on_sqlite, clock):
    join(on_sqlite)
    browser = signed_in(on_sqlite)
    browser.headers |= {"User-Agent": "curl/8.5"}
    guess(on_sqlite, 3, browser=browser)
    guess(on_sqlite, 3, email=STRANGER)
    with on_sqlite.parts.store.engine.connect() as connection:
        kept = select(AuditRow.ip, AuditRow.agent, AuditRow.data, AuditRow.user_id.is_(None))
        rows = connection.execute(kept.where(AuditRow.kind == "login.failed").order_by(AuditRow.id)).all()
    assert rows == [
        ("198.51.0.4", "curl/8.5", {"known_device": True}, False),
        ("198.51.0.4", rows[1].agent, {"known_device": False}, True),
    ]


def test_a_stopped_password_is_noted_with_its_account_and_network(on_sqlite, clock):
    join(on_sqlite)
    for email in (ADDRESS, STRANGER):
        fail(on_sqlite, clock, MOST, email=email)
    with on_sqlite.parts.store.engine.connect() as connection:
        noted = select(AuditRow.ip, AuditRow.user_id).where(AuditRow.kind == "password.stopped")
        rows = connection.execute(noted.order_by(AuditRow.id)).all()
    last = f"198.51.0.{MOST}"
    assert rows == [(last, user_row(on_sqlite)["id"]), (last, None)]


@pytest.mark.case("DOS-12")
def test_what_was_counted_goes_in_time(on_sqlite, clock):
    fail(on_sqlite, clock, MOST)
    fail(on_sqlite, clock, 1, email=STRANGER)
    for wait, left in ((timedelta(), 2), (REMEMBERED, 1), (STOPPED - REMEMBERED, 0)):
        clock.advance(seconds=wait.total_seconds())
        with on_sqlite.parts.store.write() as uow:
            uow.guesses.purge(clock())
        assert count_of(on_sqlite, GuessRow) == left


class Overloaded:
    """A hash pool whose queue is full."""

    def hash(self, password):
        raise Unavailable

    def verify(self, password_hash, password):
        raise Unavailable

    def outdated(self, password_hash):
        return False


@pytest.mark.case("DOS-03")
def test_a_guess_nobody_had_time_for_is_not_counted(on_sqlite, clock):
    parts = on_sqlite.parts
    check = PasswordCheck(parts.store, clock, Overloaded(), parts.throttles, Patience())
    for _ in range(FREE + 5):
        with pytest.raises(Unavailable):
            check.require(ADDRESS, PASSWORD, Visit(ip="192.0.2.1"))
    assert count_of(on_sqlite, GuessRow) == 0
