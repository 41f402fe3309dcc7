"""Guessing passwords: who is counted as whom, and that being counted out tells nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from service.store.schema import AuditRow, SessionRow
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    code_of,
    count_of,
    join,
    log_in,
    secret_of,
)
from tests.support.people import add_reader

PER_CLIENT = PER_ACCOUNT = 10  # failures in five minutes
ONLY_ACCOUNTS = {"rate_limit_scale": 1, "rate_limits": "login_per_client=9999/5minute"}


@pytest.fixture
def guarded(make_service, sqlite_url):
    """The service with its throttles as they are shipped."""

    def make(**settings):
        return make_service(sqlite_url, **{"rate_limit_scale": 1, "argon2_memory_kib": 64} | settings)

    return make


def guess(service, number, **options):
    """One wrong password for an address of its own, so that only the client is counted."""
    body = {"email": f"reader{number}@example.org", "password": OTHER_PASSWORD}
    return service.client().post("/api/v1/login", body, **options).status_code


def statuses(service, sources):
    """What guesses from these clients get; a client is the options of its request."""
    return [guess(service, number, **source) for number, source in enumerate(sources)]


COUNTED_AS_ONE = [401] * PER_CLIENT + [429] * 5


def from_peer(address):
    return {"environ_overrides": {"REMOTE_ADDR": address}}


def forwarded(value):
    return {"headers": {"X-Forwarded-For": value}}


@pytest.mark.case("LOG-05")
@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "Client-IP"]
)
def test_without_a_trusted_proxy_no_header_says_who_is_asking(guarded, header):
    value = "for={}" if header == "Forwarded" else "{}"
    sources = [
        {"headers": {header: value.format(f"198.51.100.{number}")}} for number in range(PER_CLIENT + 5)
    ]
    assert statuses(guarded(), sources) == COUNTED_AS_ONE


@pytest.mark.case("LOG-05")
def test_behind_a_trusted_proxy_each_client_is_counted_by_what_the_proxy_says(guarded):
    service = guarded(trusted_proxies=1)
    honest = [forwarded(f"198.51.100.{number}") for number in range(PER_CLIENT + 5)]
    assert statuses(service, honest) == [401] * (PER_CLIENT + 5)
    lying = [forwarded(f"203.0.113.{number}, 192.0.2.1") for number in range(PER_CLIENT + 5)]
    assert statuses(service, lying) == COUNTED_AS_ONE


UNREADABLE = {
    "letter": lambda number: "abcdefghijklmnopqrstuvwxyz"[number],
    "10 KB": lambda number: f"{number:02}" * 5_120,
    "port": lambda number: f"198.51.100.{number}:{4000 + number}",
    "bracketed port": lambda number: f"[2001:db8:{number}::1]:{4000 + number}",
    "nothing": lambda number: ", " * number,
    "text": lambda number: f"unknown-{number}",
    "too many numbers": lambda number: f"1.2.3.{number}.5",
    "octal": lambda number: f"0{number}.01.01.01",
    "not ascii": lambda number: f"\xe9{number}",
}


@pytest.mark.case("LOG-06")
@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_an_address_nobody_can_read_is_no_way_around_the_throttle(guarded, value):
    service = guarded(trusted_proxies=1)
    sources = [forwarded(value(number)) for number in range(PER_CLIENT + 5)]
    assert statuses(service, sources) == COUNTED_AS_ONE


@pytest.mark.case("LOG-06")
def test_an_address_nobody_can_read_does_not_keep_a_reader_out(guarded):
    service = guarded(trusted_proxies=1)
    join(service)
    for value in ("a", "9" * 10_240, "fe80::1%eth0", "198.51.100.1:443"):
        browser = service.client()
        browser.headers |= {"X-Forwarded-For": value}
        assert log_in(browser).status_code == 200
        assert browser.get("/account/devices").status_code == 200


ONE_CLIENT = {
    "a /64": lambda number: f"2001:db8:1:2::{number:x}",
    "the far ends of a /64": lambda number: f"2001:db8:1:2:{'ffff' if number % 2 else '0'}::{number:x}",
    "spellings of one address": lambda number: (
        "2001:db8::1",
        "2001:0db8::1",
        "2001:DB8:0:0::1",
        "2001:db8:0:0:0:0:0:1",
    )[number % 4],
    "IPv4 in IPv6 clothes": lambda number: (
        "192.0.2.1",
        "::ffff:192.0.2.1",
        "::ffff:c000:201",
        "0:0:0:0:0:ffff:c000:0201",
    )[number % 4],
    "zones": lambda number: f"fe80::1%eth{number}",
}


@pytest.mark.case("LOG-07")
@pytest.mark.parametrize("address", ONE_CLIENT.values(), ids=ONE_CLIENT)
@pytest.mark.parametrize("proxied", [False, True])
def test_one_client_with_many_addresses_is_one_client(guarded, address, proxied):
    service = guarded(trusted_proxies=int(proxied))
    source = forwarded if proxied else from_peer
    sources = [source(address(number)) for number in range(PER_CLIENT + 5)]
    assert statuses(service, sources) == COUNTED_AS_ONE


@pytest.mark.case("LOG-07")
@pytest.mark.parametrize("address", ["198.51.100.{}", "2001:db8:0:{}::1", "::ffff:198.51.100.{}"])
def test_different_clients_are_counted_apart(guarded, address):
    sources = [from_peer(address.format(number)) for number in range(PER_CLIENT + 5)]
    assert statuses(guarded(), sources) == [401] * (PER_CLIENT + 5)


def failures_in(service):
    return count_of(service, AuditRow, AuditRow.kind == "login.failed")


@pytest.mark.case("LOG-08")
def test_of_a_hundred_wrong_passwords_at_once_ten_are_looked_at(make_service, database):
    service = make_service(database, **ONLY_ACCOUNTS)
    join(service)
    with ThreadPoolExecutor(20) as crowd:
        tries = [crowd.submit(log_in, service.client(), password=f"wrong {n}") for n in range(100)]
        answers = [done.result().status_code for done in tries]
    assert sorted(answers) == [401] * PER_ACCOUNT + [429] * 90
    assert failures_in(service) == PER_ACCOUNT


@pytest.mark.case("LOG-08")
def test_two_processes_count_together(live, make_service, postgres_url, redis_url):
    web = live(postgres_url, processes=2, redis_url=redis_url, **ONLY_ACCOUNTS)
    add_reader(make_service(postgres_url))

    def attempt(number):
        body = {"email": ADDRESS, "password": f"wrong {number}"}
        return browser.post("/api/v1/login", json=body).status_code

    with web.client() as browser, ThreadPoolExecutor(16) as crowd:
        assert sorted(crowd.map(attempt, range(60))) == [401] * PER_ACCOUNT + [429] * 50


@pytest.mark.case("LOG-09", "ENU-08")
@pytest.mark.parametrize("counted", ["account", "client"])
def test_the_right_password_gets_the_same_refusal_while_throttled(make_service, database, counted):
    service = make_service(database, rate_limit_scale=1)
    join(service)
    elsewhere = service.client(known=False)
    assert log_in(elsewhere).status_code == 200
    if counted == "account":
        body = {"email": ADDRESS, "password": OTHER_PASSWORD}
        for number in range(PER_ACCOUNT):
            answer = service.client().post("/api/v1/login", body, **from_peer(f"198.51.100.{number}"))
            assert answer.status_code == 401
    else:
        statuses(service, [{}] * PER_CLIENT)
    wrong, right = (log_in(service.client(), password=word) for word in (OTHER_PASSWORD, PASSWORD))
    assert (wrong.status_code, code_of(wrong)) == (429, "rate_limited")
    assert right.json | {"request_id": ""} == wrong.json | {"request_id": ""}
    assert [name for name, _ in right.headers] == [name for name, _ in wrong.headers]
    assert 1 <= int(right.headers["Retry-After"]) <= 300
    assert abs(int(right.headers["Retry-After"]) - int(wrong.headers["Retry-After"])) <= 1
    assert count_of(service, SessionRow) == 1
    assert secret_of(elsewhere)
    assert elsewhere.get("/api/v1/session").status_code == 200


@pytest.mark.case("LOG-09")
def test_a_right_password_is_not_counted_as_a_failure(guarded):
    service = guarded()
    join(service)
    assert {log_in(service.client()).status_code for _ in range(PER_CLIENT + 5)} == {200}


@pytest.mark.case("LOG-09", "LOG-04")
def test_a_reader_locked_out_by_an_attacker_gets_in_by_a_reset(guarded):
    service = guarded()
    join(service)
    body = {"email": ADDRESS, "password": "wrong"}
    for _ in range(PER_ACCOUNT):
        service.client().post("/api/v1/login", body, **from_peer("203.0.113.66"))
    assert log_in(service.client()).status_code == 429
    browser = service.client()
    browser.post("/api/v1/password/forgot", {"email": ADDRESS})
    service.deliver()
    browser.follow(browser.get(service.mailbox.to(ADDRESS)[-1].link("/reset-password")))
    assert browser.form("/reset-password", password=OTHER_PASSWORD).status_code == 303
    assert log_in(browser, password=OTHER_PASSWORD).status_code == 200


@pytest.mark.case("LOG-07")
def test_what_a_reader_sees_of_a_device_is_its_own_address_not_its_network(guarded):
    service = guarded()
    join(service)
    browser = service.client()
    body = {"email": ADDRESS, "password": PASSWORD}
    assert browser.post("/api/v1/login", body, **from_peer("2001:db8:1:2::abcd")).status_code == 200
    with service.parts.store.engine.connect() as connection:
        assert connection.execute(select(func.max(SessionRow.ip))).scalar_one() == "2001:db8:1:2::abcd"
