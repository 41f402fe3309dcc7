"""Stolen passwords tried at many accounts from many networks: noticed, slowed down, and no reader is kept out."""

import pytest

from service.core.throttles import EVERYBODY, Rule
from service.flows.suspicion import FailuresRaiseSuspicion
from service.store.schema import AuditRow
from tests.flows.people import ADDRESS, OTHER_PASSWORD, PASSWORD, count_of, join, log_in
from tests.flows.test_guesses import guess

NOTICED = 40
GUARDED = {
    "rate_limit_scale": 1,
    "argon2_memory_kib": 64,
    "rate_limits": f"login_failures={NOTICED}/5minute",
}


@pytest.fixture
def guarded(make_service, sqlite_url):
    """The service with its throttles as they are shipped, but for when an attack is noticed; what it logs is caught."""
    return make_service(sqlite_url, **GUARDED)


@pytest.mark.case("LOG-01", "LOG-02")
def test_a_stuffing_attack_is_noticed_once_and_keeps_no_reader_out(guarded, caplog):
    readers = [f"reader{number}@example.org" for number in range(20)]
    for email in readers:
        join(guarded, email)
    stuffed, honest = [], []
    for number in range(NOTICED + 80):  # every network tries four, every address gets one or two
        stuffed.append(guess(guarded, number // 4, email=f"reader{number}@example.org").status_code)
        if number % 6 == 0:
            reader = readers[number // 6]
            honest.append(guess(guarded, 200 + number, email=reader, password=PASSWORD).status_code)
    assert set(honest) == {200}
    assert stuffed[:NOTICED] == [401] * NOTICED
    assert stuffed[NOTICED:] == [401, 401, 401, 429] * 20
    assert count_of(guarded, AuditRow, AuditRow.kind == "login.under_attack") == 1
    events = [record.message for record in caplog.records]
    assert events.count("login.under_attack") == 1
    assert {r.__dict__["rule"] for r in caplog.records if r.message == "throttled"} == {
        "login_per_client_under_attack"
    }
    assert FailuresRaiseSuspicion(guarded.parts.throttles).raised(
        "login", network="203.0.113.9", address=None
    )


@pytest.mark.case("LOG-01")
def test_an_attack_is_noted_with_the_failure_that_fills_the_room(guarded):
    noted = []
    for number in range(NOTICED + 1):
        guess(guarded, number, email=f"nobody{number}@example.org")
        noted.append(count_of(guarded, AuditRow, AuditRow.kind == "login.under_attack"))
    assert noted == [0] * (NOTICED - 1) + [1, 1]


@pytest.mark.case("LOG-01", "LOG-09")
def test_under_attack_a_reader_who_mistypes_three_times_waits_and_a_known_device_does_not(guarded):
    join(guarded)
    known = guarded.client()
    assert log_in(known).status_code == 200
    for number in range(NOTICED):
        guess(guarded, number, email=f"nobody{number}@example.org")
    assert [guess(guarded, 240, password=OTHER_PASSWORD).status_code for _ in range(4)] == [401] * 3 + [429]
    assert guess(guarded, 240, password=PASSWORD).status_code == 429
    assert guess(guarded, 240, password=PASSWORD, browser=known).status_code == 200
    assert guess(guarded, 241, email=ADDRESS, password=PASSWORD).status_code == 200


@pytest.mark.case("LOG-01", "LOG-09")
def test_what_was_refused_under_attack_keeps_nobody_out_once_it_is_over(guarded):
    join(guarded)
    for number in range(NOTICED):
        guess(guarded, number, email=f"nobody{number}@example.org")
    assert [guess(guarded, 240).status_code for _ in range(20)] == [401] * 3 + [429] * 17
    guarded.parts.throttles.clear(Rule.LOGIN_FAILURES, EVERYBODY)
    assert guess(guarded, 240, password=PASSWORD).status_code == 200
