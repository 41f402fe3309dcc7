"""Argon2id hashes: verified whoever made them, at one cost, and renewed when the parameters move on."""

import re
import time
from statistics import median

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.passwords.argon2id import Argon2id

TODAY = Argon2id(time_cost=1, memory_kib=1024, parallelism=1)
PASSWORD = "sepia lantern forty-two"


def by_somebody_else(time_cost: int, memory_kib: int, parallelism: int) -> str:
    return argon2.PasswordHasher(time_cost, memory_kib, parallelism).hash(PASSWORD)


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_hash_says_what_it_was_made_with_and_is_never_the_same_twice(parallelism: int) -> None:
    scheme = Argon2id(time_cost=2, memory_kib=512, parallelism=parallelism)
    one, other = scheme.hash(PASSWORD), scheme.hash(PASSWORD)
    assert one != other
    shape = rf"\$argon2id\$v=19\$m=512,t=2,p={parallelism}\$[A-Za-z0-9+/]{{22}}\$[A-Za-z0-9+/]{{43}}"
    assert re.fullmatch(shape, one)
    assert scheme.verify(one, PASSWORD)
    assert not scheme.verify(one, PASSWORD + " ")
    assert not scheme.outdated(one)


@pytest.mark.parametrize(
    ("time_cost", "memory_kib", "parallelism"), [(1, 64, 1), (3, 1024, 1), (2, 512, 4), (1, 4096, 2)]
)
def test_hashes_of_other_makers_and_parameters_verify_and_are_outdated(
    time_cost: int, memory_kib: int, parallelism: int
) -> None:
    password_hash = by_somebody_else(time_cost, memory_kib, parallelism)
    assert TODAY.verify(password_hash, PASSWORD)
    assert not TODAY.verify(password_hash, "another")
    assert TODAY.outdated(password_hash)


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_every_password_verifies_against_its_own_hash(password: str) -> None:
    cheap = Argon2id(time_cost=1, memory_kib=8, parallelism=1)
    assert cheap.verify(cheap.hash(password), password)
    assert not cheap.verify(cheap.hash(password), password + "x")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "plaintext",
        "$2b$12$abcdefghijklmnopqrstuuJ3nGZ1YQ1j8Yb6F3l9l6yWn4mX5m1y",
        "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$x",
        "$argon2id$v=19$m=64,t=1,p=1$$",
        "$argon2id$v=19$m=64,t=1,p=1$not base64$x",
        "$argon2id$v=19$m=64,t=1,p=2$c29tZXNhbHQ$!!",
        pytest.param(by_somebody_else(1, 64, 1)[:-4], id="cut short"),
        pytest.param(by_somebody_else(1, 64, 2)[:-4], id="cut short, two lanes"),
    ],
)
def test_what_is_no_hash_of_ours_opens_nothing(broken: str) -> None:
    assert TODAY.verify(broken, PASSWORD) is False


@pytest.mark.case("ENU-04")
@pytest.mark.parametrize(
    "older",
    [
        pytest.param(Argon2id(2, 4096, 1), id="less memory"),
        pytest.param(Argon2id(1, 16384, 1), id="fewer passes"),
        pytest.param(Argon2id(4, 4096, 1), id="less memory, more passes"),
        pytest.param(None, id="no hash of ours"),
    ],
)
def test_an_older_hash_takes_as_long_as_one_of_today(older: Argon2id | None) -> None:
    scheme = Argon2id(time_cost=2, memory_kib=16384, parallelism=1)
    hashes = [scheme.hash(PASSWORD), older.hash(PASSWORD) if older else "no hash at all"]
    times: list[list[float]] = [[], []]
    for _ in range(15):
        for password_hash, taken in zip(hashes, times, strict=True):
            begun = time.thread_time()
            scheme.verify(password_hash, "wrong")
            taken.append(time.thread_time() - begun)
    today, before = map(median, times)
    assert 0.7 < before / today < 1.4  # without the top-up it would be a quarter or a half


def test_an_absent_hash_costs_what_a_hash_costs() -> None:
    scheme = Argon2id(time_cost=2, memory_kib=16384, parallelism=1)
    password_hash = scheme.hash(PASSWORD)

    def fastest(work) -> float:
        times = []
        for _ in range(7):
            begun = time.thread_time()
            work()
            times.append(time.thread_time() - begun)
        return min(times)

    real, absent = fastest(lambda: scheme.verify(password_hash, PASSWORD)), fastest(scheme.spend_all)
    assert 0.6 < absent / real < 1.6
