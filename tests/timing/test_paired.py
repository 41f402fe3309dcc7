"""The statistics that judge timing: right on data whose answer is known, sensitive, and not excitable."""

import random
from itertools import combinations_with_replacement
from statistics import mean, median

import pytest

from tests.timing.paired import Limits, auc, bootstrap, compare, hodges_lehmann, p90


def measured(pairs, *, delay=0.0, jitter=0.001, seed=1):
    """Made-up times in seconds: 5 ms, normal jitter, one in fifty a hiccup of 30 ms more."""
    chance = random.Random(seed)

    def one(extra):
        hiccup = 0.03 if chance.random() < 0.02 else 0.0
        return max(0.0001, chance.gauss(0.005 + extra, jitter)) + hiccup

    return [one(0.0) for _ in range(pairs)], [one(delay) for _ in range(pairs)]


@pytest.mark.parametrize("count", [1, 2, 3, 10, 41])
def test_the_shift_is_the_median_of_all_walsh_averages(count):
    chance = random.Random(count)
    values = [chance.gauss(0.3, 2) for _ in range(count)]
    averages = [mean(pair) for pair in combinations_with_replacement(values, 2)]
    middle = median(averages)
    nearest = sorted(abs(average - middle) for average in averages)[:2]
    assert abs(hodges_lehmann(values) - middle) <= max(nearest) + 1e-6


def test_outliers_do_not_move_the_shift():
    values = [0.001] * 95 + [9.0] * 5
    assert hodges_lehmann(values) == pytest.approx(0.001, abs=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3], [4, 5, 6], 1),
        ([4, 5, 6], [1, 2, 3], 0),
        ([1, 2, 3], [1, 2, 3], 0.5),
        ([7, 7], [7, 7, 7], 0.5),
        ([1, 3], [2, 4], 0.75),
        ([1, 2, 2], [2, 3], 5 / 6),
    ],
)
def test_the_auc_is_the_share_of_pairs_won(first, second, expected):
    assert auc(first, second) == pytest.approx(expected)


def test_the_90th_percentile_leaves_a_tenth_above():
    assert p90(list(range(1, 101))) == pytest.approx(90.1)


def test_the_interval_holds_the_middle_of_what_is_drawn():
    chance = random.Random(3)
    values = [chance.gauss(10, 1) for _ in range(400)]
    low, high = bootstrap(values, mean, 0.99, 1000, chance)
    assert low < mean(values) < high
    assert high - low == pytest.approx(2 * 2.58 / 20, rel=0.3)


def test_equal_times_raise_no_objection():
    comparison = compare(*measured(800), resamples=60, seed=1)
    assert comparison.objections(Limits()) == []
    assert not comparison.leaks(0.0001)


@pytest.mark.parametrize(("delay", "jitter"), [(0.002, 0.001), (0.003, 0.003), (0.005, 0.008)])
def test_a_delay_above_the_limit_is_found_through_jitter(delay, jitter):
    comparison = compare(*measured(400, delay=delay, jitter=jitter), resamples=60, seed=1)
    assert any("shift" in objection for objection in comparison.objections(Limits()))
    assert any("AUC" in objection for objection in comparison.objections(Limits()))
    assert comparison.leaks(0.0005)
    assert comparison.shift == pytest.approx(delay, rel=0.35)


def test_half_a_millisecond_below_little_jitter_is_found_by_the_auc_alone():
    comparison = compare(*measured(800, delay=0.0005, jitter=0.0005), resamples=60, seed=1)
    assert comparison.objections(Limits()) == [f"AUC {comparison.auc:.3f}"]


def test_a_difference_in_the_slow_tenth_alone_is_found():
    first, _ = measured(800)
    second = [time + 0.004 if index % 7 == 0 else time for index, time in enumerate(measured(800, seed=2)[0])]
    comparison = compare(first, second, resamples=60, seed=1)
    assert abs(comparison.shift) < 0.001
    assert any(objection.startswith("p90 shift") for objection in comparison.objections(Limits()))


def test_too_few_pairs_for_the_noise_are_no_proof_but_no_leak_either():
    comparison = compare(*measured(30, jitter=0.008), resamples=60, seed=1)
    assert any("only known" in objection for objection in comparison.objections(Limits()))
    assert not comparison.leaks(0.001)
